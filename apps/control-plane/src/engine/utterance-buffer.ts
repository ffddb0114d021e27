// The caller's last seconds of sound, so that an utterance can be cut out of them with its beginning.
import { FRAME_MS, FRAME_HZ } from '#audio/frame.ts';
import { MAX_UTTERANCE_MS, POSTROLL_MS, PREROLL_MS } from './limits.ts';

type TimedFrame = { readonly pcm: Int16Array; readonly atMs: number };

/** Frames kept: the longest utterance and its margins; older ones go. */
const MAX_FRAMES = Math.ceil((MAX_UTTERANCE_MS + PREROLL_MS + POSTROLL_MS + 1_000) / FRAME_MS);

/** Keeps the caller's frames and cuts utterances out of them. */
export class UtteranceBuffer {
  #frames: TimedFrame[] = [];

  /** Adds a frame that arrived at `atMs`. */
  push(pcm: Int16Array, atMs: number): void {
    this.#frames.push({ pcm, atMs });
    // Trimmed in blocks: shifting a 1,500-element array at each frame of each call would cost more than the memory saved.
    if (this.#frames.length > MAX_FRAMES + 250) this.#frames.splice(0, 250);
  }

  /** Drops everything that cannot belong to speech beginning at or after `atMs`. */
  trimBefore(atMs: number): void {
    const from = atMs - PREROLL_MS;
    const first = this.#frames.findIndex((frame) => frame.atMs >= from);
    if (first > 0) this.#frames.splice(0, first);
    else if (first === -1) this.#frames = [];
  }

  /** The sound from `startedAtMs` to `endedAtMs` (arrival times) with its margins: mono PCM16, 16 kHz. */
  cut(startedAtMs: number, endedAtMs: number): Int16Array {
    const from = startedAtMs - PREROLL_MS;
    const to = endedAtMs + POSTROLL_MS;
    const frames = this.#frames.filter((frame) => frame.atMs >= from && frame.atMs - FRAME_MS <= to);
    const limit = (MAX_UTTERANCE_MS * FRAME_HZ) / 1_000;
    const length = Math.min(
      limit,
      frames.reduce((sum, frame) => sum + frame.pcm.length, 0),
    );
    const pcm = new Int16Array(length);
    let at = 0;
    for (const frame of frames) {
      const rest = length - at;
      if (rest <= 0) break;
      pcm.set(frame.pcm.length <= rest ? frame.pcm : frame.pcm.subarray(0, rest), at);
      at += frame.pcm.length;
    }
    return pcm;
  }
}
