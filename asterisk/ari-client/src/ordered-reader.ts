/**
 * Hands what the socket received to its reader in order, but never inside the socket's own callback: a slow reader must not
 * delay the heartbeat, and a reader that sends must not re-enter itself.
 */

export interface OrderedReader<T> {
  /** Appends one item; it is read in a later macrotask. */
  push(item: T): void;
  /** Items that wait to be read. */
  readonly waiting: number;
  /** Between `onPressure(true)` and `onPressure(false)`. */
  readonly pressed: boolean;
  /** Forgets what waits and reads nothing more. */
  close(): void;
}

export interface OrderedReaderOptions<T> {
  /** Reads one item. It must not throw: what it throws ends the program, as for any bug in a callback. */
  readonly read: (item: T) => void;
  /**
   * Called with true when `pauseAt` items wait and with false when half of them are gone. The queue is bounded by back-pressure:
   * whoever pushes must stop reading its socket meanwhile, so nothing is lost here; if that lasts, Asterisk's own write time-out
   * closes the socket and the client reconnects.
   */
  readonly onPressure: (pressed: boolean) => void;
  readonly pauseAt: number;
  /** Items read in one macrotask before timers and sockets get their turn. */
  readonly batch: number;
}

export function createOrderedReader<T>(options: OrderedReaderOptions<T>): OrderedReader<T> {
  let items: T[] = [];
  let head = 0;
  let scheduled: NodeJS.Immediate | null = null;
  let pressed = false;
  let closed = false;

  const waiting = (): number => items.length - head;

  const drain = (): void => {
    scheduled = null;
    const end = Math.min(items.length, head + options.batch);
    while (head < end && !closed) options.read(items[head++] as T);
    if (head > options.batch * 4 || head === items.length) {
      items = items.slice(head);
      head = 0;
    }
    if (pressed && waiting() <= options.pauseAt / 2) {
      pressed = false;
      options.onPressure(false);
    }
    if (waiting() > 0 && !closed) scheduled = setImmediate(drain);
  };

  return {
    push(item) {
      if (closed) return;
      items.push(item);
      scheduled ??= setImmediate(drain);
      if (!pressed && waiting() >= options.pauseAt) {
        pressed = true;
        options.onPressure(true);
      }
    },
    get waiting() {
      return waiting();
    },
    get pressed() {
      return pressed;
    },
    close() {
      closed = true;
      items = [];
      head = 0;
      if (scheduled !== null) clearImmediate(scheduled);
    },
  };
}
