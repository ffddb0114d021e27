import { expect, it } from 'vitest';
import { estimateCapacity } from './capacity-estimate.ts';
import type { UsageSample } from './capacity-estimate.ts';

/** Numbers in [0, 1), the same at every run. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const random = seededRandom(11);
const noise = (): number => (random() - 0.5) * 0.02;
/** Minutes of a working day: 0 to 10 calls, each 0.05 of the cores and a tenth of a slot, and memory that calls do not touch. */
const samples: UsageSample[] = Array.from({ length: 120 }, (_, index) => {
  const liveCalls = index % 11;
  return { liveCalls, used: { cpu: 0.3 + 0.05 * liveCalls + noise(), model: 0.1 * liveCalls + noise(), memory: 5 } };
});
const limits = [
  { resource: 'cpu', limit: 1.8 },
  { resource: 'model', limit: 1.5 },
  { resource: 'memory', limit: 8 },
];

it('names the resource that is met first and the calls at which it is', () => {
  const estimate = estimateCapacity(samples, limits);
  expect(estimate.binds).toBe('model');
  expect(estimate.calls).toBeGreaterThan(14.5);
  expect(estimate.calls).toBeLessThan(15.5);
  expect(estimate.costs.map(({ resource }) => resource)).toEqual(['model', 'cpu']);
  expect(estimate.costs[1]?.idle).toBeCloseTo(0.3, 1);
  expect(estimate.costs[1]?.perCall).toBeCloseTo(0.05, 2);
});

it('says nothing before enough was measured, with calls and with fewer calls', () => {
  const nothing = { calls: null, binds: null, costs: [] };
  expect(estimateCapacity([], limits)).toEqual(nothing);
  expect(estimateCapacity(samples.slice(0, 11), limits)).toEqual(nothing);
  const steady = samples.map((sample) => ({ ...sample, liveCalls: 4 }));
  expect(estimateCapacity(steady, limits)).toEqual(nothing);
});

it('does not take chance for a cost', () => {
  const still = samples.map(({ liveCalls }) => ({ liveCalls, used: { cpu: random() } }));
  expect(estimateCapacity(still, limits).costs).toEqual([]);
});

it('never estimates less than no call where the box is full without any', () => {
  const full = samples.map(({ liveCalls }) => ({ liveCalls, used: { cpu: 3 + 0.05 * liveCalls } }));
  expect(estimateCapacity(full, limits).calls).toBe(0);
});

it('believes quiet moments more than busy ones, whose use comes and goes by chance', () => {
  const exact = Array.from({ length: 20 }, (_, index) => ({ liveCalls: index % 4, used: { model: 0.1 * (index % 4) } }));
  const chance = { liveCalls: 8, used: { model: 1.2 } };
  const [cost] = estimateCapacity([...exact, chance], limits).costs;
  expect(cost?.perCall).toBeGreaterThan(0.1);
  // Were all believed alike, it would be 0.138.
  expect(cost?.perCall).toBeLessThan(0.118);
});
