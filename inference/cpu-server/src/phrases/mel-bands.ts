// Mel filters over the telephone band. They are placed in Hz, so audio of any sample rate gives comparable bands with no resampling.

/** G.711 lines carry 300 to 3400 Hz; the edges are left out because line filters differ there. */
const BAND_HZ = { low: 280, high: 3_350 } as const;
/** More bands than this resolve the harmonics of high voices instead of their formants. */
export const BAND_COUNT = 20;

/** One triangular filter: weights of the power spectrum's bins from `firstBin` on; they add up to 1. */
export interface MelBand {
  readonly firstBin: number;
  readonly weights: Float32Array;
}

const melOf = (hz: number) => 2595 * Math.log10(1 + hz / 700);
const hzOf = (mel: number) => 700 * (10 ** (mel / 2595) - 1);

/** Filters for a power spectrum of `fftSize` points of audio at `sampleRateHz`. */
export function melBands(sampleRateHz: number, fftSize: number): readonly MelBand[] {
  const low = melOf(BAND_HZ.low);
  const step = (melOf(BAND_HZ.high) - low) / (BAND_COUNT + 1);
  const binOf = (index: number) => (hzOf(low + step * index) * fftSize) / sampleRateHz;
  return Array.from({ length: BAND_COUNT }, (_, index) => triangle(binOf(index), binOf(index + 1), binOf(index + 2)));
}

function triangle(from: number, peak: number, to: number): MelBand {
  const firstBin = Math.ceil(from);
  const weights = Float32Array.from({ length: Math.floor(to) - firstBin + 1 }, (_, offset) => {
    const bin = firstBin + offset;
    return bin <= peak ? (bin - from) / (peak - from) : (to - bin) / (to - peak);
  });
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return { firstBin, weights: weights.map((weight) => weight / sum) };
}
