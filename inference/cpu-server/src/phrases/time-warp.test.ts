import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WIDTH, type Cepstra } from './cepstra.ts';
import { isComparable, warpDistance } from './time-warp.ts';

/** A path through feature space: one number per frame, in the first value. */
const path = (points: readonly number[]): Cepstra => {
  const values = new Float32Array(points.length * WIDTH);
  for (const [frame, point] of points.entries()) values[frame * WIDTH] = point;
  return { frames: points.length, values };
};
const points = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 8, maxLength: 40 });

test('anything is at distance 0 from itself', () => {
  fc.assert(fc.property(points, (one) => warpDistance(path(one), path(one), Number.POSITIVE_INFINITY) === 0));
});

test('distance between phrases of one length does not depend on which is the query', () => {
  fc.assert(
    fc.property(points, (one) => {
      const other = one.toReversed();
      const there = warpDistance(path(one), path(other), Number.POSITIVE_INFINITY);
      expect(warpDistance(path(other), path(one), Number.POSITIVE_INFINITY)).toBeCloseTo(there, 6);
    }),
  );
});

test('the same path walked a quarter slower stays near, its reverse does not', () => {
  const walk = Array.from({ length: 40 }, (_, at) => 10 * Math.sin(at / 6) + at / 2);
  const slower = Array.from({ length: 50 }, (_, at) => walk[Math.floor(at * 0.8)] ?? 0);
  const near = warpDistance(path(walk), path(slower), Number.POSITIVE_INFINITY);
  expect(near).toBeLessThan(0.5);
  expect(warpDistance(path(walk.toReversed()), path(slower), Number.POSITIVE_INFINITY)).toBeGreaterThan(10 * near);
});

test('giving up early never hides a distance under the limit', () => {
  fc.assert(
    fc.property(points, points, (one, other) => {
      fc.pre(isComparable(one.length, other.length));
      const whole = warpDistance(path(one), path(other), Number.POSITIVE_INFINITY);
      const limited = warpDistance(path(one), path(other), whole + 0.001);
      expect(limited).toBe(whole);
    }),
  );
});

test('phrases of very different lengths are not compared', () => {
  expect(isComparable(100, 171)).toBe(false);
  expect(isComparable(100, 170)).toBe(true);
  expect(isComparable(0, 5)).toBe(false);
});
