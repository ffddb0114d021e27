/** What callers hear while they are held: a quiet tune of broken chords, made here because the distribution ships none and nobody's rights are touched. */
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { instancePaths } from './instance.ts';
import type { Instance } from './instance.ts';
import { replaceFile } from './rendered-files.ts';

const RATE_HZ = 8_000;
const NOTE_MS = 400;
/** Notes ring on into the next ones. */
const RING_MS = 1_600;
/** -20 dBFS at most: under the level of speech, so that the agent's first word is no whisper after it. */
const AMPLITUDE = 1_100;
/** Semitones from A3 (220 Hz), chord by chord: A minor, F, C, G, each up and down once. */
const CHORDS = [
  [0, 3, 7, 12, 15, 12, 7, 3],
  [-4, 0, 3, 8, 12, 8, 3, 0],
  [3, 7, 10, 15, 19, 15, 10, 7],
  [-2, 2, 5, 10, 14, 10, 5, 2],
];
/** Twice through the chords: 26 s, then Asterisk begins again. */
const ROUNDS = 2;

/** The tune as little-endian 16-bit samples at 8 kHz. */
export function holdMusic(): Uint8Array {
  const notes = Array.from({ length: ROUNDS }, () => CHORDS.flat()).flat();
  const samples = new Float64Array(((notes.length * NOTE_MS) / 1_000) * RATE_HZ);
  for (const [place, semitones] of notes.entries())
    addNote(samples, { from: (place * NOTE_MS * RATE_HZ) / 1_000, hz: 220 * 2 ** (semitones / 12) });
  const bytes = new DataView(new ArrayBuffer(samples.length * 2));
  for (const [index, sample] of samples.entries())
    bytes.setInt16(index * 2, Math.round(Math.max(-1, Math.min(1, sample / 3)) * AMPLITUDE * 3), true);
  return new Uint8Array(bytes.buffer);
}

/** A plucked string: three partials that die away. What rings beyond the end comes in again at the beginning, so that the loop has no seam. */
function addNote(samples: Float64Array, { from, hz }: { from: number; hz: number }): void {
  const length = (RING_MS * RATE_HZ) / 1_000;
  for (let at = 0; at < length; at++) {
    const phase = (2 * Math.PI * hz * at) / RATE_HZ;
    const level = Math.min(1, at / 40) * Math.exp((-4 * at) / length);
    const index = (from + at) % samples.length;
    samples[index] = (samples[index] ?? 0) + level * (Math.sin(phase) + 0.3 * Math.sin(2 * phase) + 0.1 * Math.sin(3 * phase));
  }
}

/** Writes the tune where Asterisk's `musiconhold.conf` looks for it, unless it is there. */
export async function makeHoldMusic(instance: Pick<Instance, 'dir'>): Promise<void> {
  const folder = join(instancePaths(instance).sounds, 'hold');
  const path = join(folder, 'tune.sln');
  if (((await stat(path).catch(() => null))?.size ?? 0) > 0) return;
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await replaceFile(path, holdMusic(), { uid: 0, gid: 0, mode: 0o644 });
}
