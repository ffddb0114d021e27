// A telephone line for tests and calibration: 8 kHz, G.711 mu-law, noise, and back to the 16 kHz that the server is sent.

/** What the line does to a voice. */
export interface LineOptions {
  /** Signal to noise, dB; absent: no added noise. */
  readonly noiseDb?: number;
  readonly seed?: number;
}

/** What a call hears of a voice: mono PCM16 at 16 kHz with 200 ms of line before and after it. */
export function telephoneLine(samples: Int16Array, sampleRateHz: number, options: LineOptions = {}): Int16Array {
  const narrow = resample(Float64Array.from(samples), sampleRateHz, 8_000);
  const noisy = addNoise(pad(narrow, 1_600), options);
  const coded = noisy.map((sample) => muLawRoundTrip(sample));
  return Int16Array.from(resample(coded, 8_000, 16_000), clip);
}

/** White noise of `seconds` at 16 kHz, peak about half of full scale. */
export function whiteNoise(seconds: number, seed: number, amplitude = 4_000): Int16Array {
  const random = randomOf(seed);
  return Int16Array.from({ length: seconds * 16_000 }, () => clip(gaussian(random) * amplitude));
}

/** Windowed-sinc resampling, 24 zero crossings: exact enough to measure with, far too slow for a live call. */
export function resample(samples: Float64Array, fromHz: number, toHz: number): Float64Array {
  const ratio = toHz / fromHz;
  // The cut leaves room for the filter's slope under the lower rate's limit.
  const cutoff = Math.min(1, ratio) * 0.94;
  const reach = Math.ceil(24 / cutoff);
  const kernels = new Map<number, Float64Array>();
  const kernelOf = (phase: number): Float64Array => {
    const made =
      kernels.get(phase) ?? Float64Array.from({ length: 2 * reach + 1 }, (_, tap) => weight(tap - reach - phase / toHz, { cutoff, reach }));
    kernels.set(phase, made);
    return made;
  };
  return Float64Array.from({ length: Math.floor(samples.length * ratio) }, (_, at) => {
    const first = Math.floor((at * fromHz) / toHz) - reach;
    const kernel = kernelOf((at * fromHz) % toHz);
    let sum = 0;
    for (let tap = 0; tap < kernel.length; tap += 1) sum += (samples[first + tap] ?? 0) * (kernel[tap] ?? 0);
    return sum;
  });
}

function weight(offset: number, { cutoff, reach }: { readonly cutoff: number; readonly reach: number }): number {
  return cutoff * sinc(cutoff * offset) * (0.5 + 0.5 * Math.cos((Math.PI * offset) / (reach + 1)));
}

function addNoise(samples: Float64Array, { noiseDb, seed = 1 }: LineOptions): Float64Array {
  if (noiseDb === undefined) return samples;
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  const deviation = Math.sqrt(power / 10 ** (noiseDb / 10));
  const random = randomOf(seed);
  return samples.map((sample) => sample + gaussian(random) * deviation);
}

function pad(samples: Float64Array, count: number): Float64Array {
  const padded = new Float64Array(samples.length + 2 * count);
  padded.set(samples, count);
  return padded;
}

/** ITU-T G.711 mu-law by its formula: companding, 8 bits, expanding. */
function muLawRoundTrip(sample: number): number {
  const mu = 255;
  const x = Math.max(-1, Math.min(1, sample / 32_768));
  const compressed = (Math.sign(x) * Math.log(1 + mu * Math.abs(x))) / Math.log(1 + mu);
  const coded = Math.round(compressed * 127) / 127;
  return ((Math.sign(coded) * ((1 + mu) ** Math.abs(coded) - 1)) / mu) * 32_768;
}

const clip = (sample: number) => Math.max(-32_768, Math.min(32_767, Math.round(sample)));
const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
const gaussian = (random: () => number) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** A small repeatable generator (mulberry32): the same seed gives the same noise on every machine. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
