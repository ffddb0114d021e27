// Does sound stand out of its line? A lone "sí" over G.711 leaves the voice model in doubt; that nothing else was to be heard settles it.
import { FRAME_MS, rmsDbfs } from '#audio/frame.ts';

/** Above the line's noise by so much: babble and street noise stay within 15 dB of their own floor. */
const STANDS_OUT_DB = 20;
/** Quieter than this is no answer to the agent: telephone speech has -15 to -30 dBFS. */
const QUIETEST_DBFS = -40;
/** A digitally silent line is taken for one with this noise. */
const FLOOR_MIN_DBFS = -70;
/** How fast the floor follows noise that has come to stay: 5 dB a second, so that a word does not lift it, and a pause puts it back at once. */
const FLOOR_RISE_DB = 0.1;
/** Frames remembered: voice activity answers within half a second or drops the sound. */
const FRAMES_KEPT = 32;
/** A window of 32 ms lies within so many milliseconds before the arrival of its last frame. */
const WINDOW_SPAN_MS = 32 + FRAME_MS / 2;

/** The loudness of one leg's frames against the noise of its line. */
export class LineLoudness {
  #floorDbfs = FLOOR_MIN_DBFS;
  readonly #arrivedAtMs = new Float64Array(FRAMES_KEPT).fill(Number.NEGATIVE_INFINITY);
  readonly #stoodOut = new Uint8Array(FRAMES_KEPT);
  #pushed = 0;

  /** Takes one frame of PCM16 that arrived at `atMs`. */
  push(pcm: Int16Array, atMs: number): void {
    const level = Math.max(FLOOR_MIN_DBFS, rmsDbfs(pcm));
    this.#floorDbfs = Math.min(level, this.#floorDbfs + FLOOR_RISE_DB);
    const place = this.#pushed % FRAMES_KEPT;
    this.#arrivedAtMs[place] = atMs;
    this.#stoodOut[place] = level >= Math.max(QUIETEST_DBFS, this.#floorDbfs + STANDS_OUT_DB) ? 1 : 0;
    this.#pushed += 1;
  }

  /** Whether a frame of the window whose last sample arrived at `atMs` stood out. A window older than half a second did not. */
  stoodOut(atMs: number): boolean {
    return this.#arrivedAtMs.some((arrivedAtMs, place) => {
      return arrivedAtMs <= atMs && arrivedAtMs > atMs - WINDOW_SPAN_MS && this.#stoodOut[place] === 1;
    });
  }
}
