import { Hono } from 'hono';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { problemResponse, ProblemError } from '#http/problem.ts';
import { timeLimit } from '#http/time-limit.ts';
import { newId } from '#shared/id.ts';
import { silentLog } from '#shared/log.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { createOnceOnly } from './idempotent-answer.ts';
import type { IdempotencyStore, StoredAnswer } from './idempotency-store.ts';

const LIMIT_MS = 15_000;

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** One key in memory, free again after a minute without a renewal, and a write that ends when told. */
function openWrite() {
  let row: { reservedAt: Date; answer: StoredAnswer | null } | null = null;
  const isOwn = (reservedAt: Date) => row?.answer === null && row.reservedAt.getTime() === reservedAt.getTime();
  const store: IdempotencyStore = {
    async reserve() {
      if (row?.answer) return { kind: 'answered', answer: row.answer };
      if (row && Date.now() - row.reservedAt.getTime() < 60_000) return { kind: 'under_way' };
      row = { reservedAt: new Date(), answer: null };
      return { kind: 'reserved', reservedAt: row.reservedAt };
    },
    async renew(_scope, { reservedAt }) {
      if (!isOwn(reservedAt)) return reservedAt;
      row = { reservedAt: new Date(), answer: null };
      return row.reservedAt;
    },
    async settle(_scope, { reservedAt }, answer) {
      if (isOwn(reservedAt)) row = answer ? { reservedAt, answer } : null;
    },
    async removeExpired() {},
  };
  const onceOnly = createOnceOnly({ store, log: silentLog });
  const scope = mintOrgScope(newId('organization'));
  const end = Promise.withResolvers<void>();
  let times = 0;
  const app = new Hono();
  app.onError((error, context) =>
    problemResponse(context, error instanceof ProblemError ? error : new ProblemError('internal_error', 'x')),
  );
  app.use(timeLimit(LIMIT_MS));
  app.post(
    '/',
    (context, next) => onceOnly(context, next, scope),
    async (context) => {
      times += 1;
      await end.promise;
      return context.json({ times }, 201);
    },
  );
  const send = async () => {
    const response = await app.request('/', { method: 'POST', body: '{}', headers: { 'idempotency-key': 'key-00000001' } });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  /** The first request, which is answered 503 while its write goes on. */
  const sendOverdue = async () => {
    const answer = send();
    await vi.advanceTimersByTimeAsync(LIMIT_MS);
    expect(await answer).toMatchObject({ status: 503, body: { code: 'unavailable' } });
  };
  return { send, sendOverdue, end, times: () => times };
}

it('a write that outlives the request limit keeps its key while it runs, however long', async () => {
  const { send, sendOverdue, times } = openWrite();
  await sendOverdue();
  for (let minute = 0; minute < 3; minute += 1) {
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await send()).toMatchObject({ status: 409, body: { detail: expect.stringContaining('still being answered') as string } });
  }
  expect(times()).toBe(1);
});

it('a write that ended after the request limit is never done again under its key: the answer says to read what came of it', async () => {
  const { send, sendOverdue, end, times } = openWrite();
  await sendOverdue();
  await vi.advanceTimersByTimeAsync(120_000);
  end.resolve();
  await vi.advanceTimersByTimeAsync(0);
  for (const later of [await send(), await send()]) {
    expect(later).toMatchObject({
      status: 409,
      body: { code: 'conflict', detail: expect.stringContaining('read what came of it') as string },
    });
  }
  expect(times()).toBe(1);
});

it('a write that failed after the request limit may be tried again, and one that was refused then keeps its refusal', async () => {
  const failing = openWrite();
  await failing.sendOverdue();
  failing.end.reject(new Error('the statement was cancelled'));
  await vi.advanceTimersByTimeAsync(0);
  expect(await failing.send()).toMatchObject({ status: 500 });
  expect(failing.times()).toBe(2);
  const refused = openWrite();
  await refused.sendOverdue();
  refused.end.reject(new ProblemError('plan_limit', 'no more'));
  await vi.advanceTimersByTimeAsync(0);
  expect(await refused.send()).toMatchObject({ status: 422, body: { code: 'plan_limit' } });
  expect(refused.times()).toBe(1);
});
