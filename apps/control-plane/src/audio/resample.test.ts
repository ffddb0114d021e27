import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openResampler, resample } from './resample.ts';

const rates = [
  { fromHz: 22_050, toHz: 16_000, passHz: 5_600 },
  { fromHz: 24_000, toHz: 16_000, passHz: 5_400 },
  { fromHz: 8_000, toHz: 16_000, passHz: 3_300 },
  { fromHz: 16_000, toHz: 8_000, passHz: 3_300 },
];

function sine(hz: number, rateHz: number, samples: number): Int16Array {
  return Int16Array.from({ length: samples }, (_, i) => Math.round(16_000 * Math.sin((2 * Math.PI * hz * i) / rateHz)));
}

/** Signal to noise in dB of `got` against the same sine made directly at the target rate, without the edges of the filter. */
function snrDb(got: Int16Array, want: Int16Array): number {
  let noise = 0;
  let signal = 0;
  for (let i = 400; i < got.length - 400; i++) {
    signal += (want[i] as number) ** 2;
    noise += ((got[i] as number) - (want[i] as number)) ** 2;
  }
  return 10 * Math.log10(signal / noise);
}

describe.each(rates)('$fromHz Hz to $toHz Hz', ({ fromHz, toHz, passHz }) => {
  it.each([300, 1_000, 2_500, 3_400, passHz])('keeps a tone of %i Hz, in time and level, 60 dB over its error', (hz) => {
    const got = resample(sine(hz, fromHz, fromHz / 2), { fromHz, toHz });
    expect(snrDb(got, sine(hz, toHz, got.length))).toBeGreaterThan(60);
  });

  it('gives the same samples however the stream is cut', () => {
    const whole = sine(700, fromHz, 3_000);
    const expected = resample(whole, { fromHz, toHz });
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 900 }), { maxLength: 12 }), (lengths) => {
        const resampler = openResampler({ fromHz, toHz });
        const got: number[] = [];
        let at = 0;
        for (const length of [...lengths, whole.length]) {
          got.push(...resampler.push(whole.subarray(at, at + length)));
          at += length;
        }
        got.push(...resampler.flush());
        expect(Int16Array.from(got)).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });

  it('answers n samples with n * toHz / fromHz, rounded up, also when used again after a flush', () => {
    const resampler = openResampler({ fromHz, toHz });
    for (const samples of [0, 1, 7, 441, 5_000]) {
      const got = resampler.push(new Int16Array(samples)).length + resampler.flush().length;
      expect(got).toBe(Math.ceil((samples * toHz) / fromHz));
    }
  });
});

it('silences what the lower rate cannot carry', () => {
  const got = resample(sine(6_000, 16_000, 8_000), { fromHz: 16_000, toHz: 8_000 });
  expect(Math.max(...got.subarray(400, -400).map(Math.abs))).toBeLessThan(8);
});

it('clips instead of wrapping around', () => {
  const square = Int16Array.from({ length: 2_000 }, (_, i) => (i % 40 < 20 ? 32_767 : -32_768));
  const got = resample(square, { fromHz: 8_000, toHz: 16_000 });
  const inHighHalf = got.filter((_, i) => i > 200 && i < 3_700 && i % 80 > 3 && i % 80 < 36);
  expect(Math.min(...inHighHalf)).toBeGreaterThan(20_000);
  expect(Math.max(...inHighHalf)).toBe(32_767);
});

it('passes equal rates through as a copy', () => {
  const pcm = Int16Array.of(1, 2, 3);
  const got = openResampler({ fromHz: 8_000, toHz: 8_000 }).push(pcm);
  expect(got).toEqual(pcm);
  expect(got).not.toBe(pcm);
});

it('refuses a rate that is not usable and names it', () => {
  expect(() => openResampler({ fromHz: 0, toHz: 16_000 })).toThrow(/fromHz must be/);
  expect(() => openResampler({ fromHz: 44_100, toHz: 16_000.5 })).toThrow(/toHz must be/);
  expect(() => openResampler({ fromHz: 44_100, toHz: 47_999 })).toThrow(/phases/);
});
