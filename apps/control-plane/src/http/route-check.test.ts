import { createRoute } from '@hono/zod-openapi';
import { describe, expect, it } from 'vitest';
import { systemClock } from '#shared/clock.ts';
import { silentLog } from '#shared/log.ts';
import { createApp, createRoutes } from './app.ts';
import { assertEveryRouteDeclaresAccess } from './route-check.ts';
import { publicRoute } from './route.ts';
import { ok, openTestApp } from './test-app.ts';

describe('the check of every route at the start', () => {
  it('passes an application whose routes all say who may call them', () => {
    expect(() => assertEveryRouteDeclaresAccess(openTestApp().app)).not.toThrow();
  });

  it('names a handler that was mounted without saying it', () => {
    const { app } = openTestApp();
    app.get('/leak', (context) => context.text('everything'));
    expect(() => assertEveryRouteDeclaresAccess(app)).toThrow('no access is declared for GET /leak');
  });

  it('sees handlers of every kind, also for all methods, also below a feature', () => {
    const leaks = createRoutes();
    leaks.all('/every-method', (context) => context.text('x'));
    leaks.use('/some/*', async (context) => context.text('x'));
    leaks.post('/list', (context) => context.text('x'));
    const app = openTestApp()
      .app.route('/', leaks)
      .route(
        '/below',
        createRoutes().get('/leak', (context) => context.text('x')),
      );
    app.use('/*', async (context) => context.text('x'));
    expect(() => assertEveryRouteDeclaresAccess(app)).toThrow(
      /ALL \/every-method, ALL \/some\/\*, POST \/list, GET \/below\/leak, ALL \/\*/,
    );
  });

  it('believes no access that was typed by hand, and no route that hides from the document', () => {
    const forged = createRoute({ method: 'get', path: '/forged', responses: ok, 'x-access': { kind: 'public' } });
    const hidden = { ...publicRoute({ method: 'get', path: '/hidden', responses: ok }), hide: true };
    const routes = createRoutes()
      .openapi(forged, (context) => context.json({ done: 'x' }, 200))
      .openapi(hidden, (context) => context.json({ done: 'x' }, 200));
    const app = createApp({ log: silentLog, clock: systemClock }).route('/', routes);
    expect(() => assertEveryRouteDeclaresAccess(app)).toThrow('GET /forged, GET /hidden');
  });
});
