// Where a machine's limit lies between the loads that were tried.
import { describe, expect, it } from 'vitest';
import { limitOf } from './calibration-calls.ts';

const levels = (...gaps: readonly (readonly [number, number])[]) => gaps.map(([calls, gapP95Ms]) => ({ calls, gapP95Ms }));

describe('the limit', () => {
  it('lies where the line between the last load in time and the first that is not crosses the target', () => {
    expect(limitOf(levels([4, 700], [8, 900], [16, 2_900]), 1_900)).toEqual({ maxConcurrentCalls: 12, isLimitFound: true });
  });

  it('is not found while every load is answered in time', () => {
    expect(limitOf(levels([4, 700], [8, 900]), 2_100)).toEqual({ maxConcurrentCalls: 8, isLimitFound: false });
  });

  it('is one call where even the first load is too much', () => {
    expect(limitOf(levels([6, 9_000]), 2_100)).toEqual({ maxConcurrentCalls: 1, isLimitFound: true });
  });

  it('is never below a load that was answered in time', () => {
    expect(limitOf(levels([8, 2_099], [9, 10_000]), 2_100).maxConcurrentCalls).toBe(8);
  });
});
