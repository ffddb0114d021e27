// When the registry is asked and told, and how long a server waits after a failure.
import { describe, expect, it } from 'vitest';
import { afterFailure, afterSuccess, REGISTRY_TIMES, startRhythm } from './registry-rhythm.ts';

const times = REGISTRY_TIMES;

describe('the rhythm of the registry', () => {
  it('beats every 30 s and pulls every 5 min, each up to a fifth earlier, so that servers do not come together', () => {
    const started = startRhythm(1_000);
    expect(afterSuccess(started, { nowMs: 1_000, random: 0, times })).toMatchObject({ beatAtMs: 31_000, pullAtMs: 301_000 });
    expect(afterSuccess(started, { nowMs: 1_000, random: 1, times })).toMatchObject({ beatAtMs: 25_000, pullAtMs: 241_000 });
  });

  it('leaves what is not due where it is', () => {
    const rhythm = { beatAtMs: 5_000, pullAtMs: 9_000, retryAtMs: 0, failures: 0 };
    expect(afterSuccess(rhythm, { nowMs: 6_000, random: 0, times })).toMatchObject({ beatAtMs: 36_000, pullAtMs: 9_000 });
  });

  it('waits 1 s after the first failure, twice as long after each, and never longer than 15 min', () => {
    let rhythm = startRhythm(0);
    const waits = Array.from({ length: 40 }, () => {
      rhythm = afterFailure(rhythm, 'unavailable', { nowMs: 0, random: 0, times });
      return rhythm.retryAtMs;
    });
    expect(waits.slice(0, 4)).toEqual([1_000, 2_000, 4_000, 8_000]);
    expect(new Set(waits.slice(10))).toEqual(new Set([900_000]));
    expect(rhythm).toMatchObject({ beatAtMs: 0, pullAtMs: 0, failures: 40 });
  });

  it('tries a token that was refused only every minute, and then less often', () => {
    const refused = afterFailure(startRhythm(0), 'refused', { nowMs: 0, random: 0, times });
    expect(refused.retryAtMs).toBe(60_000);
    expect(afterFailure(refused, 'refused', { nowMs: 0, random: 1, times }).retryAtMs).toBe(96_000);
    expect(afterSuccess(refused, { nowMs: 60_000, random: 0, times })).toMatchObject({ failures: 0, retryAtMs: 60_000 });
  });
});
