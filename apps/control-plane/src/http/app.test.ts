import { z } from '@hono/zod-openapi';
import { describe, expect, it } from 'vitest';
import { systemClock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { createApp, createRoutes } from './app.ts';
import { fromCursor, pageQuerySchema, toCursor } from './page.ts';
import { notFound, ProblemError } from './problem.ts';
import type { Guards } from './route.ts';
import { adminRoute, publicRoute } from './route.ts';
import { openHttpServer } from './server.ts';

const adminKey = 'a'.repeat(64);
/** Guards that know one key and no token: the real ones are a feature's. */
const guards: Guards = {
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
const ok = { 200: { description: 'Done', content: { 'application/json': { schema: z.object({ done: z.string() }) } } } };
const positionSchema = z.strictObject({ callId: z.string() });

/** An application with one route per thing that can happen, and the log lines that it wrote. */
function openTestApp() {
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
    .openapi(publicRoute({ method: 'get', path: '/list', request: { query: pageQuerySchema }, responses: ok }), (context) => {
      const { limit, cursor } = context.req.valid('query');
      return context.json({ done: `${limit} ${fromCursor(positionSchema, cursor)?.callId ?? ''}` }, 200);
    })
    .openapi(adminRoute(guards, { method: 'get', path: '/admin/thing', responses: ok }), (context) =>
      context.json({ done: context.get('applianceScope') ? 'as admin' : 'as nobody' }, 200),
    )
    .openapi(
      publicRoute({
        method: 'post',
        path: '/echo',
        request: { body: { content: { 'application/json': { schema: z.strictObject({ done: z.string() }) } } } },
        responses: ok,
      }),
      (context) => context.json(context.req.valid('json'), 200),
    );
  return { app: createApp({ log, clock: systemClock }).route('/', routes), lines };
}

async function problemOf(response: Response) {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  return (await response.json()) as Record<string, unknown>;
}

describe('the HTTP kit', () => {
  it('answers what does not exist and what is not on any path with the same kind of problem', async () => {
    const { app } = openTestApp();
    const missing = await app.request('/missing');
    expect(missing.status).toBe(404);
    expect(await problemOf(missing)).toMatchObject({ code: 'not_found', detail: 'there is no such call', status: 404 });
    expect(await problemOf(await app.request('/nowhere'))).toMatchObject({ code: 'not_found' });
  });

  it('tells a fault to the log and not to the caller, under one request id', async () => {
    const { app, lines } = openTestApp();
    const response = await app.request('/broken');
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ code: 'internal_error', status: 500, requestId: response.headers.get('x-request-id') });
    expect(JSON.stringify(problem)).not.toContain('secret');
    const fault = lines.find(({ level }) => level === 'error');
    expect(fault?.fields).toMatchObject({
      requestId: problem['requestId'],
      error: { causes: [{ message: 'wrapped' }, { message: 'secret of the driver' }] },
    });
  });

  it('names every field that does not parse', async () => {
    const { app } = openTestApp();
    const response = await app.request('/list?limit=0&unknown=1');
    expect(response.status).toBe(400);
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ code: 'invalid_request' });
    expect((problem['fields'] as { path: string }[]).map(({ path }) => path)).toContain('limit');
  });

  it('takes back its own cursors and refuses any other', async () => {
    const { app } = openTestApp();
    const page = await app.request(`/list?limit=7&cursor=${toCursor({ callId: 'call_1' })}`);
    expect(await page.json()).toEqual({ done: '7 call_1' });
    for (const cursor of ['%00', 'not-json', toCursor({ callId: 1 }), toCursor({ other: 'x' })]) {
      expect(await problemOf(await app.request(`/list?cursor=${cursor}`))).toMatchObject({ code: 'invalid_request' });
    }
  });

  it('refuses a body that is malformed or too large', async () => {
    const { app } = openTestApp();
    const post = (body: string) => app.request('/echo', { method: 'POST', body, headers: { 'content-type': 'application/json' } });
    expect(await (await post('{"done":"yes"}')).json()).toEqual({ done: 'yes' });
    expect(await problemOf(await post('{"done":'))).toMatchObject({ code: 'invalid_request', status: 400 });
    expect(await problemOf(await post('{"done":"yes","more":1}'))).toMatchObject({ code: 'invalid_request' });
    expect(await problemOf(await post(JSON.stringify({ done: 'x'.repeat(1_100_000) })))).toMatchObject({
      code: 'body_too_large',
      status: 413,
    });
  });

  it('opens an admin route to the key alone', async () => {
    const { app } = openTestApp();
    const ask = (headers: Record<string, string>) => app.request('/admin/thing', { headers });
    expect(await (await ask({ 'X-Admin-Key': adminKey })).json()).toEqual({ done: 'as admin' });
    for (const headers of [{}, { 'X-Admin-Key': '' }, { 'X-Admin-Key': `${adminKey}a` }, { Authorization: `Bearer ${adminKey}` }]) {
      const response = await ask(headers as Record<string, string>);
      expect(response.status).toBe(401);
      expect(await problemOf(response)).toMatchObject({ code: 'unauthenticated' });
    }
  });

  it('logs a request by its path, without the query', async () => {
    const { app, lines } = openTestApp();
    await app.request('/list?limit=7&caller=34600000000');
    expect(lines).toMatchObject([{ level: 'info', message: 'request', fields: { method: 'GET', path: '/list', status: 400 } }]);
    expect(JSON.stringify(lines)).not.toContain('34600000000');
  });
});

describe('the HTTP server', () => {
  it('listens on a free port, serves, and is gone when it is closed', async () => {
    const { app } = openTestApp();
    const server = await openHttpServer({ app, host: '127.0.0.1', port: 0 });
    expect((await fetch(`${server.address}/list`)).status).toBe(200);
    await server[Symbol.asyncDispose]();
    await expect(fetch(`${server.address}/list`)).rejects.toThrow('fetch failed');
  });

  it('names the port that is taken', async () => {
    const { app } = openTestApp();
    await using server = await openHttpServer({ app, host: '127.0.0.1', port: 0 });
    const port = Number(new URL(server.address).port);
    await expect(openHttpServer({ app, host: '127.0.0.1', port })).rejects.toThrow(`127.0.0.1:${port}`);
  });
});
