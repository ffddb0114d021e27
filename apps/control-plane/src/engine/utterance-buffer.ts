// The caller's last seconds of sound, so that an utterance can be cut out of them with its beginning.
import { soundUntil } from '#audio/audible-sound.ts';
import { FRAME_HZ, FRAME_MS, FRAME_SAMPLES } from '#audio/frame.ts';
import { MAX_UTTERANCE_MS, POSTROLL_MS, PREROLL_MS } from './limits.ts';

/** Frames kept: the longest utterance and its margins; older ones go. */
const MAX_FRAMES = Math.ceil((MAX_UTTERANCE_MS + PREROLL_MS + POSTROLL_MS + 1_000) / FRAME_MS);
/** Room at the start: a short utterance with its pre-roll, 2.5 s. Doubled when it is full, because most calls never need 30 s. */
const FIRST_FRAMES = 128;
/** Frames behind one that tell when it was due: half a second, in which no process of ours is late all the time. */
const DUE_FRAMES = 25;
const MAX_SAMPLES = (MAX_UTTERANCE_MS * FRAME_HZ) / 1_000;

/**
 * Keeps the caller's frames and cuts utterances out of them. A ring in one piece of memory: 50 arrays a second for each call, each kept for
 * seconds, made the garbage collector stop all calls for 10 ms every other second (measured at 50 calls).
 */
export class UtteranceBuffer {
  #samples = new Int16Array(FIRST_FRAMES * FRAME_SAMPLES);
  #arrivedAtMs = new Float64Array(FIRST_FRAMES);
  /** Frames since the beginning of the call: pushed, and no longer kept. */
  #pushed = 0;
  #dropped = 0;

  /** Adds a frame that arrived at `atMs`; the samples are copied. */
  push(pcm: Int16Array, atMs: number): void {
    if (this.#pushed - this.#dropped === this.#room) this.#makeRoom();
    const place = this.#pushed % this.#room;
    this.#samples.set(pcm.subarray(0, FRAME_SAMPLES), place * FRAME_SAMPLES);
    this.#arrivedAtMs[place] = atMs;
    this.#pushed += 1;
  }

  /** Drops everything that cannot belong to speech beginning at or after `atMs`. */
  trimBefore(atMs: number): void {
    this.#dropped = this.#firstSince(atMs - PREROLL_MS);
  }

  /** The sound from `startedAtMs` to `endedAtMs` (arrival times) with its margins: mono PCM16, 16 kHz. */
  cut(startedAtMs: number, endedAtMs: number): Int16Array {
    const from = this.#firstSince(startedAtMs - PREROLL_MS);
    let to = from;
    while (to < this.#pushed && this.#timeOf(to) - FRAME_MS <= endedAtMs + POSTROLL_MS) to++;
    const pcm = new Int16Array(Math.min(MAX_SAMPLES, (to - from) * FRAME_SAMPLES));
    for (let at = 0; at < pcm.length; at += FRAME_SAMPLES) {
      const start = ((from + at / FRAME_SAMPLES) % this.#room) * FRAME_SAMPLES;
      pcm.set(this.#samples.subarray(start, start + FRAME_SAMPLES), at);
    }
    return pcm;
  }

  /**
   * When the caller's last audible sample since `fromMs` came; null when there was none. A frame's first sample counts as coming with the frame.
   * Frames that waited for a busy process come late, never early: the frames behind them tell when they were due.
   */
  soundEndedAtMs(fromMs: number): number | null {
    for (let frame = this.#pushed - 1; frame >= this.#dropped; frame--) {
      if (this.#timeOf(frame) < fromMs) return null;
      const start = (frame % this.#room) * FRAME_SAMPLES;
      const samples = soundUntil(this.#samples.subarray(start, start + FRAME_SAMPLES));
      if (samples !== null) return this.#dueAtMs(frame) + (samples * 1_000) / FRAME_HZ;
    }
    return null;
  }

  #dueAtMs(frame: number): number {
    let dueAtMs = this.#timeOf(frame);
    const last = Math.min(this.#pushed - 1, frame + DUE_FRAMES);
    for (let later = frame + 1; later <= last; later++) dueAtMs = Math.min(dueAtMs, this.#timeOf(later) - (later - frame) * FRAME_MS);
    return dueAtMs;
  }

  get #room(): number {
    return this.#arrivedAtMs.length;
  }

  #timeOf(frame: number): number {
    return this.#arrivedAtMs[frame % this.#room] as number;
  }

  #firstSince(atMs: number): number {
    let frame = this.#dropped;
    while (frame < this.#pushed && this.#timeOf(frame) < atMs) frame++;
    return frame;
  }

  /** More memory, or at the limit the place of the oldest frame. */
  #makeRoom(): void {
    const room = this.#room;
    if (room >= MAX_FRAMES) {
      this.#dropped += 1;
      return;
    }
    const samples = new Int16Array(Math.min(MAX_FRAMES, room * 2) * FRAME_SAMPLES);
    const arrivedAtMs = new Float64Array(samples.length / FRAME_SAMPLES);
    for (let frame = this.#dropped; frame < this.#pushed; frame++) {
      const start = (frame % room) * FRAME_SAMPLES;
      samples.set(this.#samples.subarray(start, start + FRAME_SAMPLES), (frame % arrivedAtMs.length) * FRAME_SAMPLES);
      arrivedAtMs[frame % arrivedAtMs.length] = this.#timeOf(frame);
    }
    this.#samples = samples;
    this.#arrivedAtMs = arrivedAtMs;
  }
}
