// Two soft tones: what a caller hears in place of words when a wait must be filled and nothing is recorded in his language.
import { FRAME_HZ } from './frame.ts';

const TONE_HZ = 440;
const TONE_MS = 180;
const PAUSE_MS = 140;
/** A tenth of full scale: heard, and no alarm. */
const AMPLITUDE = 3_276;
/** Rise and fall, so that neither end clicks. */
const EDGE_MS = 15;

const samplesOf = (ms: number): number => (ms * FRAME_HZ) / 1_000;

/** Mono PCM16 at 16 kHz, half a second. */
export function waitingTone(): Int16Array {
  const [tone, pause, edge] = [samplesOf(TONE_MS), samplesOf(PAUSE_MS), samplesOf(EDGE_MS)];
  const pcm = new Int16Array(2 * tone + pause);
  for (const from of [0, tone + pause]) {
    for (let index = 0; index < tone; index += 1) {
      const loudness = Math.min(1, index / edge, (tone - index) / edge);
      pcm[from + index] = AMPLITUDE * loudness * Math.sin((2 * Math.PI * TONE_HZ * index) / FRAME_HZ);
    }
  }
  return pcm;
}
