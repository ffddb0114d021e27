// An application with one route per thing that can happen in the kit, and a reader of its problems, for the kit's own tests.
import { z } from '@hono/zod-openapi';
import { expect } from 'vitest';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { systemClock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import { createApp, createRoutes } from './app.ts';
import { fromCursor, pageQuerySchema } from './page.ts';
import { notFound, ProblemError } from './problem.ts';
import type { Guards } from './route.ts';
import { adminRoute, publicRoute } from './route.ts';

export const adminKey = 'a'.repeat(64);
/** Guards that know one key and no token: the real ones are a feature's. */
export const guards: Guards = {
  admin: async (context, next) => {
    if (context.req.header('x-admin-key') !== adminKey)
      throw new ProblemError('unauthenticated', 'the header X-Admin-Key is missing or wrong');
    context.set('applianceScope', mintApplianceScope());
    await next();
  },
  organization: () => async () => {
    throw new ProblemError('unauthenticated', 'no token opens anything here');
  },
};
export const ok = { 200: { description: 'Done', content: { 'application/json': { schema: z.object({ done: z.string() }) } } } };
const echoSchema = z.strictObject({ done: z.string(), more: z.json().optional() });
const positionSchema = z.strictObject({ callId: z.string() });

/** An application with one route per thing that can happen, and the log lines that it wrote. */
export function openTestApp() {
  const lines: { level: string; fields: object; message: string }[] = [];
  const write = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message });
  const log: Log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error'), child: () => log };
  const routes = createRoutes()
    .openapi(publicRoute({ method: 'get', path: '/missing', responses: ok }), () => {
      throw notFound('call');
    })
    .openapi(publicRoute({ method: 'get', path: '/broken', responses: ok }), () => {
      throw new Error('wrapped', { cause: new Error('secret of the driver') });
    })
    .openapi(publicRoute({ method: 'get', path: '/database-away', responses: ok }), () => {
      throw new Error('query failed', { cause: Object.assign(new Error('too many connections'), { code: '53300' }) });
    })
    .openapi(publicRoute({ method: 'get', path: '/list', request: { query: pageQuerySchema }, responses: ok }), (context) => {
      const { limit, cursor } = context.req.valid('query');
      return context.json({ done: `${limit} ${fromCursor(positionSchema, cursor)?.callId ?? ''}` }, 200);
    })
    .openapi(
      publicRoute({
        method: 'get',
        path: '/things/{thingId}',
        request: { params: z.object({ thingId: z.string().max(100) }) },
        responses: ok,
      }),
      (context) => new Response(JSON.stringify({ done: context.req.valid('param').thingId })) as never,
    )
    .openapi(adminRoute(guards, { method: 'get', path: '/admin/thing', responses: ok }), (context) =>
      context.json({ done: context.get('applianceScope') ? 'as admin' : 'as nobody' }, 200),
    )
    .openapi(
      publicRoute({
        method: 'post',
        path: '/echo',
        request: { body: { required: true, content: { 'application/json': { schema: echoSchema } } } },
        responses: ok,
      }),
      (context) => context.json({ done: context.req.valid('json').done }, 200),
    );
  return { app: createApp({ log, clock: systemClock }).route('/', routes), lines };
}

/** The body of a problem; fails when it is none. */
export async function problemOf(response: Response) {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  return (await response.json()) as Record<string, unknown>;
}
