// Changes the rate of a stream of PCM16 by a polyphase FIR filter: linear interpolation leaves aliases at -2 dB, unusable for recognition.

/** A stream of one rate turned into a stream of another. Chunk borders leave no trace: the output depends on the samples alone. */
export type Resampler = {
  /** Takes samples at `fromHz` and returns those at `toHz` that they complete (the filter looks half its length ahead: 1 to 12 ms). */
  push(pcm: Int16Array): Int16Array;
  /** Returns the rest, so that n samples in all gave ceil(n * toHz / fromHz), and is ready for the next stream. */
  flush(): Int16Array;
};

/** Stop band of the Kaiser window in dB: below the quantization noise of 13-bit speech; measured worst alias -87 dB. */
const STOP_BAND_DB = 80;
/** Taps a phase: flat to 5.4 kHz between 22.05 or 24 kHz and 16 kHz, 1.1 ms of CPU per second of audio. */
const WIDE_BAND_TAPS = 48;
/** When one side is a telephone line at 8 kHz: 48 taps lose 1 dB at 3,400 Hz, 96 lose nothing. */
const NARROW_BAND_TAPS = 96;
/** No rate of ours needs more phases than 22,050 -> 16,000 (320); a table of this size is 0.4 MB. */
const MAX_PHASES = 1_000;

/** Opens a resampler between two whole rates in Hz. Throws `RangeError` when a rate is not usable. */
export function openResampler(options: { fromHz: number; toHz: number }): Resampler {
  const { phases, step } = ratioOf(options);
  if (phases === step) return { push: (pcm) => pcm.slice(), flush: () => new Int16Array(0) };
  const taps = tapsFor(options);
  const table = filterTable({ ...options, phases, taps });
  const half = taps / 2;
  /** Samples that the filter still needs; it starts with the silence before the stream so that output is not delayed. */
  let held = new Float32Array(half - 1);
  /** Where the next output sample stands: whole samples from the start of `held`, and the phase between two of them. */
  let at = 0;
  let phase = 0;

  function run(input: Float32Array): Int16Array {
    const output = new Int16Array(Math.max(0, Math.ceil(((input.length - taps + 1 - at) * phases - phase) / step)));
    for (let k = 0; k < output.length; k++) {
      output[k] = toInt16(convolve({ input, at, table, row: phase * taps, taps }));
      phase += step;
      const whole = Math.trunc(phase / phases);
      at += whole;
      phase -= whole * phases;
    }
    const used = Math.min(at, input.length);
    held = input.slice(used);
    at -= used;
    return output;
  }

  return {
    push: (pcm) => run(append(held, pcm)),
    flush() {
      const rest = run(append(held, new Int16Array(half)));
      held = new Float32Array(half - 1);
      at = 0;
      phase = 0;
      return rest;
    },
  };
}

/** Resamples a whole recording at once. */
export function resample(pcm: Int16Array, options: { fromHz: number; toHz: number }): Int16Array {
  const resampler = openResampler(options);
  const head = resampler.push(pcm);
  const tail = resampler.flush();
  const whole = new Int16Array(head.length + tail.length);
  whole.set(head);
  whole.set(tail, head.length);
  return whole;
}

function ratioOf({ fromHz, toHz }: { fromHz: number; toHz: number }): { phases: number; step: number } {
  for (const [name, hz] of Object.entries({ fromHz, toHz })) {
    if (!Number.isInteger(hz) || hz < 1_000 || hz > 192_000)
      throw new RangeError(`${name} must be a whole rate from 1000 to 192000 Hz, not ${hz}`);
  }
  const divisor = greatestCommonDivisor(fromHz, toHz);
  const ratio = { phases: toHz / divisor, step: fromHz / divisor };
  if (ratio.phases > MAX_PHASES)
    throw new RangeError(`${fromHz} Hz to ${toHz} Hz needs ${ratio.phases} filter phases; the limit is ${MAX_PHASES}`);
  return ratio;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** A filter that makes a rate smaller lives at the larger one, so for the same transition in Hz it needs as many more taps. */
function tapsFor({ fromHz, toHz }: { fromHz: number; toHz: number }): number {
  if (Math.min(fromHz, toHz) > 8_000) return WIDE_BAND_TAPS;
  return 2 * Math.ceil((NARROW_BAND_TAPS / 2) * Math.max(1, fromHz / toHz));
}

/** One row of `taps` coefficients per phase, each row with a gain of exactly 1 at 0 Hz. */
function filterTable(design: { fromHz: number; toHz: number; phases: number; taps: number }): Float32Array {
  const { phases, taps } = design;
  const transition = (STOP_BAND_DB - 7.95) / (14.36 * taps);
  const cutoff = Math.min(0.5, (0.5 * design.toHz) / design.fromHz) - transition / 2;
  const beta = 0.1102 * (STOP_BAND_DB - 8.7);
  const table = new Float32Array(phases * taps);
  for (let phase = 0; phase < phases; phase++) {
    const row = Float64Array.from({ length: taps }, (_, tap) => {
      const distance = tap - taps / 2 + 1 - phase / phases;
      const within = 1 - (2 * distance * (1 / taps)) ** 2;
      return within < 0 ? 0 : sinc(2 * cutoff * distance) * besselI0(beta * Math.sqrt(within));
    });
    const sum = row.reduce((total, value) => total + value, 0);
    for (let tap = 0; tap < taps; tap++) table[phase * taps + tap] = (row[tap] as number) / sum;
  }
  return table;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** Modified Bessel function of order 0 by its power series, which converges in 30 terms for the beta used here. */
function besselI0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/** Two sums instead of one: the processor need not wait for each addition. */
function convolve(at: { input: Float32Array; at: number; table: Float32Array; row: number; taps: number }): number {
  const { input, table, row, taps } = at;
  const start = at.at;
  let a = 0;
  let b = 0;
  for (let tap = 0; tap < taps; tap += 2) {
    a += (input[start + tap] as number) * (table[row + tap] as number);
    b += (input[start + tap + 1] as number) * (table[row + tap + 1] as number);
  }
  return a + b;
}

function append(held: Float32Array, pcm: Int16Array): Float32Array<ArrayBuffer> {
  const joined = new Float32Array(held.length + pcm.length);
  joined.set(held);
  joined.set(pcm, held.length);
  return joined;
}

function toInt16(value: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(value)));
}
