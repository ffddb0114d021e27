/**
 * The sound of one byte in the sandbox's text modem: 60 ms, about what a letter takes to say, so that cutting a reply short
 * loses as much text as it would lose speech. A chirp finds the byte at the exact sample; two tones carry its bits.
 *
 *     | chirp 10 ms | 8 bits, 5 ms each: 1200 or 2000 Hz | parity 5 ms | silence 5 ms |
 */
import { FRAME_HZ } from '#audio/frame.ts';

/** 5 ms: tones that are multiples of 200 Hz fit whole cycles, so neither leaks into the other. */
const SLOT_SAMPLES = 80;
const CHIRP_SAMPLES = 2 * SLOT_SAMPLES;
/** Length of a byte's sound, 60 ms: exactly three frames. */
export const BYTE_SAMPLES = 12 * SLOT_SAMPLES;
const TONE_HZ = [1_200, 2_000] as const;
const AMPLITUDE = 8_000;
/** Correlation with the chirp from which a byte is believed to begin; tones and noise stay under 0.4. */
const CHIRP_THRESHOLD = 0.8;
/** Energy per sample under which a slot is silence: -50 dBFS. */
const SILENT_ENERGY = 10_000;

const chirp = Float64Array.from({ length: CHIRP_SAMPLES }, (_, index) => {
  const seconds = index / FRAME_HZ;
  // 1 to 5 kHz: the wider the sweep, the narrower the peak of the correlation.
  return Math.sin(2 * Math.PI * (1_000 * seconds + ((4_000 * FRAME_HZ) / CHIRP_SAMPLES / 2) * seconds * seconds));
});
const chirpEnergy = chirp.reduce((sum, value) => sum + value * value, 0);
const tones = TONE_HZ.map((hz) =>
  Float64Array.from({ length: 2 * SLOT_SAMPLES }, (_, index) => {
    // Sine in the first half, cosine in the second: together they measure a tone of any phase.
    const phase = (2 * Math.PI * hz * (index % SLOT_SAMPLES)) / FRAME_HZ;
    return index < SLOT_SAMPLES ? Math.sin(phase) : Math.cos(phase);
  }),
) as [Float64Array, Float64Array];

/** Writes the sound of `byte` into `pcm` from `start`. */
export function writeByte(pcm: Int16Array, start: number, byte: number): void {
  for (let index = 0; index < CHIRP_SAMPLES; index++) pcm[start + index] = AMPLITUDE * (chirp[index] as number);
  for (let slot = 0; slot < 9; slot++) {
    const bit = slot < 8 ? (byte >> slot) & 1 : parityOf(byte);
    const at = start + CHIRP_SAMPLES + slot * SLOT_SAMPLES;
    for (let index = 0; index < SLOT_SAMPLES; index++) pcm[at + index] = AMPLITUDE * (tones[bit as 0 | 1][index] as number);
  }
}

/** Where a chirp begins at or after `from`, or null. Looks only where a whole chirp fits. */
export function findChirp(pcm: Int16Array, from: number): number | null {
  const last = pcm.length - CHIRP_SAMPLES;
  for (let at = from; at <= last; at++) {
    // A digital pause is skipped without arithmetic: a chirp begins within one sample of the sound.
    if (pcm[at] === 0 && pcm[at + 1] === 0) continue;
    if (chirpCorrelation(pcm, at) < CHIRP_THRESHOLD) continue;
    return refinePeak(pcm, at, last);
  }
  return null;
}

/** The byte whose chirp begins at `start`, or null when the sound there is none. `pcm` must hold `BYTE_SAMPLES` from there. */
export function readByte(pcm: Int16Array, start: number): number | null {
  if (chirpCorrelation(pcm, start) < CHIRP_THRESHOLD) return null;
  let byte = 0;
  for (let slot = 0; slot < 9; slot++) {
    const bit = readBit(pcm, start + CHIRP_SAMPLES + slot * SLOT_SAMPLES);
    if (bit === null) return null;
    if (slot < 8) byte |= bit << slot;
    else if (bit !== parityOf(byte)) return null;
  }
  return byte;
}

function chirpCorrelation(pcm: Int16Array, at: number): number {
  let product = 0;
  let energy = 0;
  for (let index = 0; index < CHIRP_SAMPLES; index++) {
    const sample = pcm[at + index] as number;
    product += sample * (chirp[index] as number);
    energy += sample * sample;
  }
  return energy < SILENT_ENERGY * CHIRP_SAMPLES ? 0 : product / Math.sqrt(energy * chirpEnergy);
}

function refinePeak(pcm: Int16Array, start: number, last: number): number {
  let best = start;
  let height = chirpCorrelation(pcm, start);
  // The peak is a few samples wide; the threshold is crossed on its rising side.
  for (let at = start + 1; at <= Math.min(last, start + 8); at++) {
    const correlation = chirpCorrelation(pcm, at);
    if (correlation > height) [best, height] = [at, correlation];
  }
  return best;
}

function readBit(pcm: Int16Array, at: number): 0 | 1 | null {
  const [space, mark] = [tonePower(pcm, at, tones[0]), tonePower(pcm, at, tones[1])];
  // A tone of amplitude A over n samples has power (A n / 2)^2; silence has none.
  const silent = SILENT_ENERGY * (SLOT_SAMPLES / 2) ** 2;
  if (Math.max(space, mark) < silent) return null;
  return mark > space ? 1 : 0;
}

function tonePower(pcm: Int16Array, at: number, tone: Float64Array): number {
  let sine = 0;
  let cosine = 0;
  for (let index = 0; index < SLOT_SAMPLES; index++) {
    const sample = pcm[at + index] as number;
    sine += sample * (tone[index] as number);
    cosine += sample * (tone[SLOT_SAMPLES + index] as number);
  }
  return sine * sine + cosine * cosine;
}

/** 1 when the byte has an even number of ones, so that no byte is nine equal bits. */
function parityOf(byte: number): 0 | 1 {
  let ones = 1;
  for (let rest = byte; rest > 0; rest >>= 1) ones += rest & 1;
  return (ones & 1) as 0 | 1;
}
