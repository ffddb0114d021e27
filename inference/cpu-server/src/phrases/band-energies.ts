// From samples to the logarithm of band energies, frame by frame: what an ear on a telephone has to go by.
import Fft from 'fft.js';
import { BAND_COUNT, melBands, type MelBand } from './mel-bands.ts';

/** Analysis window and step. 15 ms steps keep the warping cheap; speech sounds last 30 ms and more. */
const WINDOW_MS = 25;
export const STEP_MS = 15;

/** Natural logarithm of energy, `BAND_COUNT` values per frame. */
export interface BandEnergies {
  readonly frames: number;
  readonly logEnergies: Float32Array;
}

/** Analyser of one sample rate; keeps its tables and its scratch space. Not reentrant, and needs not be: it is synchronous. */
export type BandAnalyser = (samples: Int16Array) => BandEnergies;

export function createBandAnalyser(sampleRateHz: number): BandAnalyser {
  const windowSize = Math.round((WINDOW_MS * sampleRateHz) / 1000);
  const step = (STEP_MS * sampleRateHz) / 1000;
  const fftSize = 2 ** Math.ceil(Math.log2(windowSize));
  const fft = new Fft(fftSize);
  const window = Float64Array.from({ length: windowSize }, (_, at) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (at + 0.5)) / windowSize));
  const bands = melBands(sampleRateHz, fftSize);
  const input: number[] = Array.from({ length: fftSize }, () => 0);
  const spectrum = fft.createComplexArray() as number[];

  return (samples) => {
    const frames = Math.max(0, Math.floor((samples.length - windowSize) / step) + 1);
    const logEnergies = new Float32Array(frames * BAND_COUNT);
    for (let frame = 0; frame < frames; frame += 1) {
      const start = Math.round(frame * step);
      for (let at = 0; at < windowSize; at += 1) input[at] = (samples[start + at] ?? 0) * (window[at] ?? 0);
      fft.realTransform(spectrum, input);
      for (let band = 0; band < BAND_COUNT; band += 1) {
        // One more than nothing: the logarithm of digital silence is 0.
        logEnergies[frame * BAND_COUNT + band] = Math.log(1 + bandPower(bands[band], spectrum) / fftSize);
      }
    }
    return { frames, logEnergies };
  };
}

function bandPower(band: MelBand | undefined, spectrum: readonly number[]): number {
  if (band === undefined) return 0;
  let power = 0;
  for (let offset = 0; offset < band.weights.length; offset += 1) {
    const bin = 2 * (band.firstBin + offset);
    const real = spectrum[bin] ?? 0;
    const imaginary = spectrum[bin + 1] ?? 0;
    power += (band.weights[offset] ?? 0) * (real * real + imaginary * imaginary);
  }
  return power;
}
