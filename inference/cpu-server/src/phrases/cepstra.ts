// The shape of the sound without its loudness, its line and (mostly) its voice: cepstra around their mean, and how they move.
import { BAND_COUNT } from './mel-bands.ts';
import type { BandEnergies } from './band-energies.ts';
import type { SpeechBounds } from './speech-bounds.ts';

const CEPSTRA = 12;
/** Values per frame: loudness and cepstra, then the movement of each. */
export const WIDTH = 2 * (CEPSTRA + 1);

/** Speech as the warping compares it: `WIDTH` values per frame. */
export interface Cepstra {
  readonly frames: number;
  readonly values: Float32Array;
}

// 43 dB under the loudest band of the utterance: where the quantisation noise of G.711 lies.
const DYNAMIC_RANGE = 10;
// Loudness says where syllables are, but lines and speakers differ in it.
const LOUDNESS_WEIGHT = 0.5;
// Movement changes by little per step; weighted so that it counts about as much as the shape.
const MOVEMENT_WEIGHT = 2.2;
const MOVEMENT_STEPS = 2;

const cosines = Float32Array.from({ length: (CEPSTRA + 1) * BAND_COUNT }, (_, at) => {
  const order = Math.floor(at / BAND_COUNT);
  const band = at % BAND_COUNT;
  const scale = order === 0 ? LOUDNESS_WEIGHT / Math.sqrt(BAND_COUNT) : Math.sqrt(2 / BAND_COUNT) * lifter(order);
  return scale * Math.cos((Math.PI * order * (band + 0.5)) / BAND_COUNT);
});

/** High cepstra are small and still tell vowels apart: raise them, as is usual. */
function lifter(order: number): number {
  return 0.35 + 0.65 * Math.sin((Math.PI * order) / (CEPSTRA + 4));
}

/** Cepstra of the frames within `bounds`. */
export function cepstraOf({ logEnergies }: BandEnergies, bounds: SpeechBounds): Cepstra {
  const frames = bounds.end - bounds.first;
  const shape = CEPSTRA + 1;
  const speech = logEnergies.subarray(bounds.first * BAND_COUNT, bounds.end * BAND_COUNT);
  const floor = speech.reduce((max, value) => Math.max(max, value), 0) - DYNAMIC_RANGE;
  const still = new Float32Array(frames * shape);
  for (let frame = 0; frame < frames; frame += 1) {
    for (let order = 0; order < shape; order += 1) {
      let sum = 0;
      for (let band = 0; band < BAND_COUNT; band += 1) {
        sum += (cosines[order * BAND_COUNT + band] ?? 0) * Math.max(floor, speech[frame * BAND_COUNT + band] ?? 0);
      }
      still[frame * shape + order] = sum;
    }
  }
  removeMean(still, shape);
  return { frames, values: withMovement(still, { frames, shape }) };
}

/** The mean of an utterance is its line and its speaker, more than its words. */
function removeMean(still: Float32Array, shape: number): void {
  const frames = still.length / shape;
  for (let order = 0; order < shape; order += 1) {
    let mean = 0;
    for (let at = order; at < still.length; at += shape) mean += (still[at] ?? 0) / frames;
    for (let at = order; at < still.length; at += shape) still[at] = (still[at] ?? 0) - mean;
  }
}

function withMovement(still: Float32Array, size: { readonly frames: number; readonly shape: number }): Float32Array {
  const { frames, shape } = size;
  const values = new Float32Array(frames * WIDTH);
  const at = (frame: number, order: number) => still[Math.min(frames - 1, Math.max(0, frame)) * shape + order] ?? 0;
  for (let frame = 0; frame < frames; frame += 1) {
    for (let order = 0; order < shape; order += 1) {
      let slope = 0;
      for (let step = 1; step <= MOVEMENT_STEPS; step += 1) slope += (step * (at(frame + step, order) - at(frame - step, order))) / 10;
      values[frame * WIDTH + order] = at(frame, order);
      values[frame * WIDTH + shape + order] = slope * MOVEMENT_WEIGHT;
    }
  }
  return values;
}
