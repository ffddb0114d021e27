// Asterisk's playout queue as chan_websocket keeps it: 20 ms slots, marks between frames, flow control. Pure: time is an argument.
import { FRAME_MS } from '#audio/frame.ts';

/** Limits of chan_websocket, in frames (measured on Asterisk 22.10). */
const MAX_FRAMES = 1_000;
const XOFF_FRAMES = 900;
const XON_FRAMES = 800;

/** A queue that is further behind than this had no chance to play (a stalled machine): it goes on from now instead of catching up. */
const MAX_BEHIND_MS = 500;

/** What came out of the queue, in order. */
export type PlayoutOutput =
  | { readonly kind: 'frame'; readonly pcm: Int16Array }
  | { readonly kind: 'mark'; readonly markId: string }
  | { readonly kind: 'drained' | 'xoff' | 'xon' };

type Item = Extract<PlayoutOutput, { kind: 'frame' | 'mark' }>;

/** The queue of one media channel. `atMs` is always the same monotonic clock. */
export class PlayoutQueue {
  #items: Item[] = [];
  #frames = 0;
  /** The next 20 ms slot. */
  #nextAtMs = 0;
  #isFull = false;
  #wantsDrained = false;

  /** Frames that wait. */
  get frames(): number {
    return this.#frames;
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  /** Queues frames; those beyond the limit vanish without a word, as they do in Asterisk. */
  push(added: Iterable<Int16Array>, atMs: number): readonly PlayoutOutput[] {
    this.#startClock(atMs);
    for (const pcm of added) {
      if (this.#frames >= MAX_FRAMES) break;
      this.#items.push({ kind: 'frame', pcm });
      this.#frames += 1;
    }
    if (this.#isFull || this.#frames < XOFF_FRAMES) return [];
    this.#isFull = true;
    return [{ kind: 'xoff' }];
  }

  /** A mark is told in the slot after the last frame before it, when that frame was heard to its end. */
  mark(markId: string, atMs: number): void {
    this.#startClock(atMs);
    this.#items.push({ kind: 'mark', markId });
  }

  /** Marks are thrown away with the frames. */
  flush(): readonly PlayoutOutput[] {
    this.#items = [];
    this.#frames = 0;
    return this.#relax();
  }

  /** `drained` is told once, in the next slot that finds the queue empty. */
  reportDrained(atMs: number): void {
    this.#startClock(atMs);
    this.#wantsDrained = true;
  }

  /** Plays whatever is due by `atMs`. */
  step(atMs: number): readonly PlayoutOutput[] {
    const output: PlayoutOutput[] = [];
    if (atMs - this.#nextAtMs > MAX_BEHIND_MS) this.#nextAtMs = atMs;
    while (!this.#isIdle() && this.#nextAtMs <= atMs) {
      this.#playSlot(output);
      this.#nextAtMs += FRAME_MS;
    }
    return output.concat(this.#relax());
  }

  #isIdle(): boolean {
    return this.#items.length === 0 && !this.#wantsDrained;
  }

  /** The slots start with the first thing to play after silence. */
  #startClock(atMs: number): void {
    if (this.#isIdle()) this.#nextAtMs = Math.max(this.#nextAtMs, atMs);
  }

  #playSlot(output: PlayoutOutput[]): void {
    while (this.#items.length > 0) {
      const item = this.#items.shift() as Item;
      output.push(item);
      if (item.kind === 'mark') continue;
      this.#frames -= 1;
      return;
    }
    if (!this.#wantsDrained) return;
    this.#wantsDrained = false;
    output.push({ kind: 'drained' });
  }

  #relax(): readonly PlayoutOutput[] {
    if (!this.#isFull || this.#frames >= XON_FRAMES) return [];
    this.#isFull = false;
    return [{ kind: 'xon' }];
  }
}
