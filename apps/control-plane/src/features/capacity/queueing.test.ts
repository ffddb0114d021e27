import fc from 'fast-check';
import { expect, it } from 'vitest';
import { largestLoad, waitP95Ms, waitProbability } from './queueing.ts';

/** Numbers in [0, 1), the same at every run. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

it("gives Erlang's known values", () => {
  expect(waitProbability(1, 0.5)).toBeCloseTo(0.5, 10);
  expect(waitProbability(2, 1)).toBeCloseTo(1 / 3, 10);
  // Tables of Erlang C: 5 agents with 4 erlangs.
  expect(waitProbability(5, 4)).toBeCloseTo(0.5541, 4);
  expect(waitProbability(3, 3)).toBe(1);
});

it('finds the load at which the wait reaches its limit', () => {
  const servers = { slots: 3, serviceMs: 400, variation: 0 };
  const load = largestLoad(servers, 500);
  expect(load).toBeGreaterThan(1.5);
  expect(load).toBeLessThan(3);
  expect(waitP95Ms(servers, load)).toBeCloseTo(500, 3);
  // Who waits for nothing at all below this load has a limit nonetheless: the slots.
  expect(largestLoad({ ...servers, serviceMs: 1 }, 500)).toBeGreaterThan(2.9);
});

it('takes less work where requests are longer, more different, or the limit is shorter', () => {
  const figures = fc.record({ slots: fc.integer({ min: 1, max: 32 }), serviceMs: fc.integer({ min: 10, max: 3_000 }) });
  fc.assert(
    fc.property(figures, fc.integer({ min: 50, max: 2_000 }), ({ slots, serviceMs }, limitMs) => {
      const load = largestLoad({ slots, serviceMs, variation: 0.5 }, limitMs);
      expect(largestLoad({ slots, serviceMs: serviceMs * 2, variation: 0.5 }, limitMs)).toBeLessThanOrEqual(load);
      expect(largestLoad({ slots, serviceMs, variation: 1 }, limitMs)).toBeLessThanOrEqual(load);
      expect(largestLoad({ slots, serviceMs, variation: 0.5 }, limitMs / 2)).toBeLessThanOrEqual(load);
    }),
  );
});

/** Serves requests that come at random, each of `serviceMs`, and returns the wait that 95 % did not exceed. */
function simulatedP95({ slots, serviceMs, load }: { slots: number; serviceMs: number; load: number }): number {
  const random = seededRandom(11);
  const free = Array.from({ length: slots }, () => 0);
  const waits: number[] = [];
  for (let atMs = 0; waits.length < 200_000;) {
    atMs += (-Math.log(1 - random()) * serviceMs) / load;
    const next = free.indexOf(Math.min(...free));
    const beginsMs = Math.max(atMs, free[next] ?? 0);
    free[next] = beginsMs + serviceMs;
    waits.push(beginsMs - atMs);
  }
  return waits.toSorted((a, b) => a - b)[Math.floor(waits.length * 0.95)] ?? 0;
}

it('is within 10 % of the load that a simulated model of fixed speed bears', () => {
  for (const [slots, serviceMs] of [
    [2, 600],
    [3, 400],
    [8, 300],
  ] as const) {
    const load = largestLoad({ slots, serviceMs, variation: 0 }, 500);
    expect([slots, simulatedP95({ slots, serviceMs, load: load * 0.93 }) <= 500]).toEqual([slots, true]);
    expect([slots, simulatedP95({ slots, serviceMs, load: load * 1.1 }) >= 500]).toEqual([slots, true]);
  }
});
