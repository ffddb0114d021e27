import { expect, test } from 'vitest';
import { mintOrgScope } from '#shared/org-scope.ts';
import { newId } from '#shared/id.ts';
import { silentLog } from '#shared/log.ts';
import { systemClock } from '#shared/clock.ts';
import { createApp, createRoutes } from './app.ts';
import { readLargeBody } from './large-body.ts';
import type { Guards } from './route.ts';
import { orgRoute } from './route.ts';
import { guards, ok, problemOf } from './test-app.ts';

const MAX_BYTES = 3_000_000;
const open: Guards = {
  ...guards,
  organization: () => async (context, next) => {
    context.set('scope', mintOrgScope(newId('organization')));
    await next();
  },
};

/** One route that takes three megabytes within `limitMs`, and one like any other. */
function uploads(by: Guards, limitMs = 5_000) {
  const body = { content: { 'application/octet-stream': { schema: { type: 'string' as const } } } };
  const declared = { method: 'post', request: { body }, responses: ok } as const;
  const large = orgRoute(by, { scope: 'any', largeBody: { maxBytes: MAX_BYTES, limitMs } }, { ...declared, path: '/large' });
  const usual = orgRoute(by, { scope: 'any' }, { ...declared, path: '/usual' });
  const routes = createRoutes()
    .openapi(large, async (context) => {
      let bytes = 0;
      for await (const piece of readLargeBody(context)) bytes += piece.byteLength;
      return context.json({ done: String(bytes) }, 200);
    })
    .openapi(usual, async (context) => context.json({ done: String((await context.req.arrayBuffer()).byteLength) }, 200));
  return createApp({ log: silentLog, clock: systemClock }).route('/', routes);
}

const announced = (bytes: number) => ({ method: 'POST', body: new Uint8Array(bytes), headers: { 'content-length': String(bytes) } });
/** A body whose length nobody says beforehand, and how much of it was taken. */
function streamed(bytes: number) {
  const sent = { bytes: 0 };
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent.bytes >= bytes) return controller.close();
      sent.bytes += 65_536;
      controller.enqueue(new Uint8Array(65_536));
    },
  });
  return { sent, init: { method: 'POST', body, duplex: 'half' } as RequestInit };
}

test('a route takes as much as it declares, and the others as little as before', async () => {
  const app = uploads(open);
  expect(await (await app.request('/large', announced(2_500_000))).json()).toEqual({ done: '2500000' });
  expect((await app.request('/usual', announced(2_500_000))).status).toBe(413);
});

test('beyond what is declared a body is refused, announced or counted as it comes', async () => {
  const app = uploads(open);
  expect(await problemOf(await app.request('/large', announced(MAX_BYTES + 1)))).toMatchObject({ code: 'body_too_large' });
  const { init, sent } = streamed(50_000_000);
  expect(await problemOf(await app.request('/large', init))).toMatchObject({
    code: 'body_too_large',
    detail: 'a body may have 3000000 bytes here',
  });
  expect(sent.bytes).toBeLessThan(MAX_BYTES + 1_000_000);
});

test('nothing is read of the large body of a stranger', async () => {
  const { init, sent } = streamed(2_000_000);
  expect((await uploads(guards).request('/large', init)).status).toBe(401);
  expect(sent.bytes).toBeLessThanOrEqual(2 * 65_536);
});

test('the route says how long it takes; then the answer says when to try again', async () => {
  const never = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}) });
  const app = uploads(open, 30);
  const answer = await app.request('/large', { method: 'POST', body: never, duplex: 'half' } as RequestInit);
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
});
