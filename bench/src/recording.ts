/** Reads a call's recording as MixMonitor wrote it: 8 kHz PCM16, caller left, agent right. */
import { readFile } from 'node:fs/promises';
import { pcmFromBytes } from '@centralita/control-plane/audio/frame.ts';
import { AUDIBLE_SAMPLE } from './caller-speech.ts';

/** Samples per millisecond. */
const PER_MS = 8;

/** One side of a call. */
export type Side = 'caller' | 'agent';

export type Recording = Readonly<Record<Side, Int16Array>>;

/** Sound between two silences; ms from the start of the recording. */
export type Stretch = { readonly startMs: number; readonly endMs: number };

export async function readRecording(path: string): Promise<Recording> {
  const both = pcmFromBytes(await readFile(path));
  const side = (offset: number): Int16Array =>
    Int16Array.from({ length: Math.floor(both.length / 2) }, (_, index) => both[index * 2 + offset] as number);
  return { caller: side(0), agent: side(1) };
}

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
