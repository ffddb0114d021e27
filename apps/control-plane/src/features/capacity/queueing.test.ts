import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { SharedModel } from './queueing.ts';
import { lateShare, mostCalls } from './queueing.ts';

/** Numbers in [0, 1), the same at every run. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const models = fc.record({
  slots: fc.integer({ min: 1, max: 32 }),
  serviceMs: fc.integer({ min: 10, max: 3_000 }),
  variation: fc.double({ min: 0, max: 1, noNaN: true }),
  perCall: fc.double({ min: 0.005, max: 0.5, noNaN: true }),
});

it('finds the calls at which one request in twenty waits too long', () => {
  const model: SharedModel = { slots: 3, serviceMs: 400, variation: 0, perCall: 0.06 };
  const calls = mostCalls(model, 500);
  expect(lateShare(model, calls, 500)).toBeCloseTo(0.05, 6);
  // Who waits for nothing at all below this load has a limit nonetheless: the slots.
  expect(mostCalls({ ...model, serviceMs: 1 }, 500)).toBeCloseTo(3 / 0.06, 1);
});

it("gives Erlang's waits where calls are many and each asks seldom", () => {
  const model: SharedModel = { slots: 5, serviceMs: 1_000, variation: 1, perCall: 0.0004 };
  // Tables of Erlang C: 5 agents with 4 erlangs.
  expect(lateShare(model, 4 / 0.0004, 1e-6)).toBeCloseTo(0.5541, 2);
});

it('is a share, and grows with the calls', () => {
  const limits = fc.integer({ min: 50, max: 2_000 });
  fc.assert(
    fc.property(models, limits, fc.double({ min: 0, max: 1, noNaN: true }), (model, limitMs, part) => {
      const all = model.slots / model.perCall;
      const share = lateShare(model, all * part, limitMs);
      expect(share).toBeGreaterThanOrEqual(0);
      expect(share).toBeLessThanOrEqual(lateShare(model, all, limitMs) + 1e-6);
      expect(lateShare(model, all, limitMs)).toBeLessThanOrEqual(1);
    }),
  );
});

it('bears fewer calls where each of them asks more, or the limit is shorter, and where requests differ more, unless the limit is shorter than one', () => {
  fc.assert(
    fc.property(models, fc.integer({ min: 50, max: 2_000 }), (model, limitMs) => {
      const calls = mostCalls(model, limitMs);
      expect(mostCalls({ ...model, perCall: model.perCall * 1.2 }, limitMs)).toBeLessThanOrEqual(calls);
      expect(mostCalls(model, limitMs / 2)).toBeLessThanOrEqual(calls);
      const even = mostCalls({ ...model, variation: 0 }, model.serviceMs * 1.5);
      expect(mostCalls({ ...model, variation: 1 }, model.serviceMs * 1.5)).toBeLessThanOrEqual(even);
    }),
    { numRuns: 300 },
  );
});

type Simulated = Pick<SharedModel, 'slots' | 'serviceMs' | 'perCall'> & { readonly isEven: boolean };

/** Calls that each ask again some time after their answer, between half of the mean and what chance gives: the share that waits longer. */
function simulatedShare({ slots, serviceMs, perCall, isEven }: Simulated, calls: number, limitMs: number): number {
  const random = seededRandom(11);
  const exponential = () => -Math.log(1 - random());
  const thinkMs = serviceMs / perCall - serviceMs;
  const asks = Array.from({ length: calls }, () => random() * thinkMs);
  const free = Array.from({ length: slots }, () => 0);
  const requests = 60_000;
  let late = 0;
  for (let request = 0; request < requests; request++) {
    const caller = asks.indexOf(Math.min(...asks));
    const slot = free.indexOf(Math.min(...free));
    const askedAt = asks[caller] ?? 0;
    const beginsAt = Math.max(askedAt, free[slot] ?? 0);
    if (beginsAt - askedAt > limitMs) late += 1;
    const endsAt = beginsAt + serviceMs * (isEven ? 1 : exponential());
    free[slot] = endsAt;
    asks[caller] = endsAt + thinkMs * (0.5 + 0.25 * (exponential() + exponential()));
  }
  return late / requests;
}

it('is within a tenth of the calls that a simulated model bears', () => {
  for (const [slots, serviceMs, cycleMs] of [
    [1, 200, 6_500],
    [2, 350, 6_430],
    [2, 300, 3_200],
    [4, 400, 6_500],
  ] as const)
    for (const isEven of [true, false]) {
      const model = { slots, serviceMs, perCall: serviceMs / cycleMs };
      const calls = mostCalls({ ...model, variation: isEven ? 0 : 1 }, 500);
      const shareAt = (share: number) => simulatedShare({ ...model, isEven }, Math.round(calls * share), 500);
      expect([slots, serviceMs, isEven, shareAt(0.9) <= 0.05, shareAt(1.1) >= 0.05]).toEqual([slots, serviceMs, isEven, true, true]);
    }
});
