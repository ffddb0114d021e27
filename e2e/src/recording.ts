/** A call's recording: 8 kHz, the caller left and the agent right, there once the call is over. */
import { existsSync } from 'node:fs';
import { readWav } from '@centralita/sip-caller/wav.ts';

/** Both sides of a recorded call, 8 kHz PCM16, aligned. */
export type StereoRecording = { readonly caller: Int16Array; readonly agent: Int16Array };

const RATE_HZ = 8_000;
/** Sides are joined when the call is over; this long may it take. */
const JOIN_MS = 5_000;

/** Reads a recording. Throws when the call has none. */
export async function readStereoRecording(path: string | null): Promise<StereoRecording> {
  if (path === null) throw new Error('the call was not recorded');
  const deadline = Date.now() + JOIN_MS;
  while (!existsSync(path) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
  const { pcm, hz, channels } = await readWav(path);
  if (hz !== RATE_HZ || channels !== 2) throw new Error(`${path}: ${channels} channels at ${hz} Hz, expected 2 at ${RATE_HZ}`);
  const side = (offset: number): Int16Array => Int16Array.from({ length: pcm.length / 2 }, (_, index) => pcm[index * 2 + offset] ?? 0);
  return { caller: side(0), agent: side(1) };
}

const WINDOW = 320;
/** Below this a window is silence or a whisper and has no pitch worth counting. */
const VOICED_RMS = 800;
const FASTEST_LAG = Math.floor(RATE_HZ / 350);
const SLOWEST_LAG = Math.ceil(RATE_HZ / 70);

/** Median fundamental frequency of a voice, Hz, by autocorrelation between 70 and 350 Hz. */
export function medianPitchHz(pcm: Int16Array): number {
  const pitches: number[] = [];
  for (let from = 0; from + 2 * WINDOW <= pcm.length; from += WINDOW) {
    const energy = correlation(pcm, from, 0);
    if (Math.sqrt(energy / WINDOW) < VOICED_RMS) continue;
    const values = Array.from({ length: SLOWEST_LAG + 1 }, (_, lag) => (lag < FASTEST_LAG ? 0 : correlation(pcm, from, lag)));
    const best = Math.max(...values);
    if (best <= energy * 0.5) continue;
    // A voice also repeats every second and third period: the first peak near the best one is the period itself.
    const lag = values.findIndex((value, at) => value >= 0.85 * best && value >= (values[at + 1] ?? 0));
    pitches.push(RATE_HZ / lag);
  }
  pitches.sort((a, b) => a - b);
  return pitches[Math.floor(pitches.length / 2)] ?? 0;
}

function correlation(pcm: Int16Array, from: number, lag: number): number {
  let sum = 0;
  for (let index = from; index < from + WINDOW; index += 1) sum += (pcm[index] ?? 0) * (pcm[index + lag] ?? 0);
  return sum;
}
