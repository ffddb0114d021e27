// A few slots, given in the order in which they were asked for: whoever asks again and again does not keep out those who wait.
import type { Slot } from './capacity.ts';

/** Slots with a line in front of them. */
export type SlotQueue = {
  /** Settles with a slot when it is the asker's turn, or with null when `signal` aborts before. Never rejects. */
  take(signal: AbortSignal): Promise<Slot | null>;
};

/** Opens `max` slots. */
export function openSlotQueue(max: number): SlotQueue {
  const line = new Set<(slot: Slot) => void>();
  let free = max;
  const openSlot = (): Slot => {
    let isHeld = true;
    return {
      [Symbol.dispose]() {
        if (!isHeld) return;
        isHeld = false;
        const [next] = line;
        if (next === undefined) free += 1;
        else next(openSlot());
      },
    };
  };
  return {
    async take(signal) {
      if (signal.aborted) return null;
      if (free > 0) {
        free -= 1;
        return openSlot();
      }
      const { promise, resolve } = Promise.withResolvers<Slot | null>();
      const enter = (slot: Slot): void => {
        line.delete(enter);
        resolve(slot);
      };
      const leave = (): void => {
        // Who was let in already has a slot, and returns it.
        if (line.delete(enter)) resolve(null);
      };
      line.add(enter);
      signal.addEventListener('abort', leave, { once: true });
      try {
        return await promise;
      } finally {
        signal.removeEventListener('abort', leave);
      }
    },
  };
}
