import { seededRandom } from '@centralita/control-plane/test/seeded-random.ts';
import { describe, expect, it } from 'vitest';
import { callsAtLateShare } from './load-limit.ts';

/** Requests at 10 to 40 calls, 20 at each, late as often as the curve says: one in twenty at `limit`. */
function seen(limit: number, random: () => number) {
  return Array.from({ length: 31 * 20 }, (_, index) => {
    const calls = 10 + Math.floor(index / 20);
    const odds = Math.exp(Math.log(1 / 19) + 0.2 * (calls - limit));
    return { calls, isLate: random() < odds / (1 + odds) };
  });
}

describe('the load at which requests wait too long', () => {
  it('is found within a tenth, most often within a twentieth, from some hundred requests', () => {
    const random = seededRandom(7);
    const errors = Array.from({ length: 200 }, () => Math.abs(callsAtLateShare(seen(25, random), 0.05) / 25 - 1)).toSorted((a, b) => a - b);
    expect(errors[100]).toBeLessThan(0.05);
    expect(errors[180]).toBeLessThan(0.1);
  });

  it('is between the loads where none and all are late', () => {
    const requests = Array.from({ length: 400 }, (_, index) => ({ calls: 10 + index / 20, isLate: index >= 200 }));
    expect(callsAtLateShare(requests, 0.05)).toBeGreaterThan(18);
    expect(callsAtLateShare(requests, 0.05)).toBeLessThan(20);
  });

  it('is not met where no request is late, nor where they are late whatever the load', () => {
    const requests = Array.from({ length: 100 }, (_, index) => ({ calls: index, isLate: false }));
    expect(callsAtLateShare(requests, 0.05)).toBe(Number.POSITIVE_INFINITY);
    expect(
      callsAtLateShare(
        requests.map(({ calls }) => ({ calls, isLate: calls < 50 })),
        0.05,
      ),
    ).toBe(Number.POSITIVE_INFINITY);
  });
});
