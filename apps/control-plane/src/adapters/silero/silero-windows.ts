// Halves the rate of the frames of one leg, cuts them into the model's windows and keeps those that wait. No thread, no timer.
import { invariant } from '#shared/invariant.ts';
import { HalfRate } from './silero-half-rate.ts';
import { SLOTS_PER_STREAM, WINDOW_SAMPLES } from './silero-memory.ts';

/** A full window: where it lies in the shared memory and when its last sample came. */
export type SileroWindow = { readonly slot: number; readonly atMs: number };

/** Windows that may wait: all slots but the one being filled and the one with the model. */
export const WAITING_MAX = SLOTS_PER_STREAM - 2;

/** The windows of one leg. */
export class SileroWindows {
  readonly #memory: Int16Array;
  readonly #halfRate = new HalfRate();
  readonly #free: number[];
  #filling: number;
  #filled = 0;
  #waiting: SileroWindow[] = [];

  /** `windows` is the shared memory; the stream owns the `SLOTS_PER_STREAM` slots from `index * SLOTS_PER_STREAM`. */
  constructor(windows: Int16Array, index: number) {
    this.#memory = windows;
    this.#filling = index * SLOTS_PER_STREAM;
    this.#free = Array.from({ length: SLOTS_PER_STREAM - 1 }, (_, i) => this.#filling + i + 1);
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Copies 16 kHz samples in. Returns how many old windows were dropped because the model did not keep up. */
  push(pcm: Int16Array, atMs: number): number {
    let dropped = 0;
    for (let at = 0; at < pcm.length; at += HalfRate.maxSamples) {
      dropped += this.#fill(this.#halfRate.push(pcm.subarray(at, at + HalfRate.maxSamples)), atMs);
    }
    return dropped;
  }

  /** The oldest window that waits; its slot is not written again until `release`. */
  take(): SileroWindow | null {
    return this.#waiting.shift() ?? null;
  }

  release(window: SileroWindow): void {
    this.#free.push(window.slot);
  }

  #fill(halved: Int16Array, atMs: number): number {
    let dropped = 0;
    for (let taken = 0; taken < halved.length;) {
      const part = halved.subarray(taken, taken + WINDOW_SAMPLES - this.#filled);
      this.#memory.set(part, this.#filling * WINDOW_SAMPLES + this.#filled);
      taken += part.length;
      this.#filled += part.length;
      // The rest of the frame came at the same instant as its head, so the window's last sample is as old as what follows it in the frame.
      if (this.#filled === WINDOW_SAMPLES) dropped += this.#complete(atMs);
    }
    return dropped;
  }

  #complete(atMs: number): number {
    this.#waiting.push({ slot: this.#filling, atMs });
    const oldest = this.#waiting.length > WAITING_MAX ? this.#waiting.shift() : undefined;
    if (oldest) this.#free.push(oldest.slot);
    const next = this.#free.pop();
    invariant(next !== undefined, 'a stream has a slot for the window being filled');
    this.#filling = next;
    this.#filled = 0;
    return oldest ? 1 : 0;
  }
}
