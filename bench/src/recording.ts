/** Finds sound in one side of a recorded call: 8 kHz PCM16. */
import { AUDIBLE_SAMPLE } from './caller-speech.ts';

/** Samples per millisecond. */
const PER_MS = 8;

/** Sound between two silences; ms from the start of the recording. */
export type Stretch = { readonly startMs: number; readonly endMs: number };

/** Stretches of audible sound; a silence shorter than `joinMs` does not end one. Found by level alone: what our voice activity thought plays no part. */
export function stretchesOf(pcm: Int16Array, { joinMs }: { joinMs: number }): Stretch[] {
  const stretches: { startMs: number; endMs: number }[] = [];
  for (let index = 0; index < pcm.length; index++) {
    if (Math.abs(pcm[index] as number) < AUDIBLE_SAMPLE) continue;
    const atMs = index / PER_MS;
    const last = stretches.at(-1);
    if (last && atMs - last.endMs < joinMs) last.endMs = atMs + 1 / PER_MS;
    else stretches.push({ startMs: atMs, endMs: atMs + 1 / PER_MS });
  }
  return stretches;
}
