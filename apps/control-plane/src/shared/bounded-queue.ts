// A queue with a limit and a declared behaviour at it: an unbounded queue is a slow crash.

/** What `push` did: `full` means that the item was not taken. */
export type PushOutcome = 'queued' | 'full';

/** First in, first out, at most `max` items; a full queue refuses and the caller decides what that means. */
export class BoundedQueue<Item> {
  readonly #max: number;
  #items: Item[] = [];

  constructor(options: { max: number }) {
    if (!Number.isInteger(options.max) || options.max < 1) throw new RangeError(`max must be a whole number from 1, not ${options.max}`);
    this.#max = options.max;
  }

  get length(): number {
    return this.#items.length;
  }

  push(item: Item): PushOutcome {
    if (this.#items.length >= this.#max) return 'full';
    this.#items.push(item);
    return 'queued';
  }

  /** Takes everything that waits, in order, and leaves the queue empty. */
  drain(limit = this.#items.length): Item[] {
    return this.#items.splice(0, limit);
  }
}
