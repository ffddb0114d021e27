import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import type { HttpAnswer } from '#http/app.ts';
import { createApp, createRoutes } from '#http/app.ts';
import { publicRoute } from '#http/route.ts';
import { systemClock } from '#shared/clock.ts';
import { silentLog } from '#shared/log.ts';
import { createHttpMetrics } from './http-metrics.ts';

it('requests are counted by the route that was declared, never by a path with an id, and refusals by their reason', async () => {
  const registry = new Registry();
  const observe = createHttpMetrics(registry);
  const answer = { method: 'GET', tookMs: 3, isCounted: false };
  observe({ ...answer, route: '/calls/:callId', status: 200 });
  observe({ ...answer, route: '/calls/:callId', status: 401 });
  observe({ ...answer, route: '/admin/plans', status: 401 });
  observe({ ...answer, route: '/calls', status: 429, isCounted: true });
  observe({ ...answer, route: null, method: 'PROPFIND', status: 404 });
  expect((await registry.metrics()).split('\n')).toEqual(
    expect.arrayContaining([
      'centralita_http_requests_total{route="/calls/:callId",method="GET",status="200"} 1',
      'centralita_http_requests_total{route="none",method="other",status="404"} 1',
      'centralita_auth_failures_total{guard="token"} 1',
      'centralita_auth_failures_total{guard="admin_key"} 1',
      'centralita_rate_limited_total{reason="plan"} 1',
      'centralita_rate_limited_total{reason="failed_attempts"} 0',
    ]),
  );
});

it('an application tells the route that it declared, and none where there is none', async () => {
  const told: HttpAnswer[] = [];
  const routes = createRoutes().openapi(
    publicRoute({ method: 'get', path: '/things/{thingId}', summary: 'One', responses: { 204: { description: 'There' } } }),
    (context) => context.body(null, 204),
  );
  const app = createApp({ log: silentLog, clock: systemClock, observeHttp: (answer) => void told.push(answer) }).route('/', routes);
  await app.request('/things/thing_0123456789');
  await app.request('/nothing/here');
  expect(told.map(({ route, status }) => [route, status])).toEqual([
    ['/things/:thingId', 204],
    [null, 404],
  ]);
});
