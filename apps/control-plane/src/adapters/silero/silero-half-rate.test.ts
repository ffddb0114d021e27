import { expect, it } from 'vitest';
import { rmsDbfs } from '#audio/frame.ts';
import { HalfRate } from './silero-half-rate.ts';

const tone = (hz: number, level = 10_000) =>
  Int16Array.from({ length: HalfRate.maxSamples }, (_, i) => level * Math.sin((2 * Math.PI * hz * i) / 16_000));

/** Level that is left of a tone, in dB. */
function gainDb(hz: number): number {
  const halved = new HalfRate().push(tone(hz)).subarray(5);
  return rmsDbfs(halved) - rmsDbfs(tone(hz));
}

it('keeps the telephone band and takes away what would fold back into the voice', () => {
  expect(Math.abs(gainDb(300))).toBeLessThan(0.2);
  expect(gainDb(2_000)).toBeGreaterThan(-0.5);
  expect(gainDb(3_000)).toBeGreaterThan(-2);
  expect(gainDb(5_000)).toBeLessThan(-14);
  expect(gainDb(6_000)).toBeLessThan(-30);
});

it('gives the same samples however the stream is cut', () => {
  const sound = tone(700);
  const whole = [...new HalfRate().push(sound)];
  const halfRate = new HalfRate();
  const parts = [0, 1, 4, 9, 160, 319].flatMap((from, i, cuts) => [...halfRate.push(sound.subarray(from, cuts[i + 1]))]);
  expect(parts).toEqual(whole);
  expect(whole).toHaveLength(HalfRate.maxSamples / 2);
});

it('clips a step of full scale instead of turning it over', () => {
  const step = new Int16Array(HalfRate.maxSamples).fill(32_767);
  expect(Math.max(...new HalfRate().push(step))).toBe(32_767);
  expect(Math.min(...new HalfRate().push(step))).toBeGreaterThan(-4_000);
  expect(Math.min(...new HalfRate().push(step.map(() => -32_768)))).toBe(-32_768);
});
