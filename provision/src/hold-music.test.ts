import { expect, it } from 'vitest';
import { holdMusic } from './hold-music.ts';

it('is half a minute of tune, softer than speech and never silent', () => {
  const bytes = holdMusic();
  const samples = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  expect(samples.length / 8_000).toBeCloseTo(25.6, 1);
  expect(samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0)).toBeLessThan(4_000);
  for (let from = 0; from + 1_600 <= samples.length; from += 1_600)
    expect([from, samples.subarray(from, from + 1_600).some((sample) => Math.abs(sample) > 328)]).toEqual([from, true]);
});
