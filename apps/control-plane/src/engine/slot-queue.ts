// A few slots that all organizations share, given in turns: however many of one ask, the next slot is another's, and whoever asks again and again does not
// keep out those who wait.
import type { Slot } from './capacity.ts';

/** Who asks for a slot. */
export type SlotAsker = {
  /** Organizations come one after the other, each with whoever of its own asked first. */
  readonly organizationId: string;
  /** Has had none yet: goes before all who had one, of any organization. */
  readonly isFirst: boolean;
};

/** Slots with a line in front of them. */
export type SlotQueue = {
  /** Settles with a slot when it is the asker's turn, or with null when `signal` aborts before. Never rejects. */
  take(asker: SlotAsker, signal: AbortSignal): Promise<Slot | null>;
};

type Waiting = SlotAsker & { readonly enter: (slot: Slot) => void };

/** Opens `max` slots. */
export function openSlotQueue(max: number): SlotQueue {
  const line = new Set<Waiting>();
  /** The organizations that had a slot while somebody waited, the one that had it longest ago first. */
  const served = new Set<string>();
  let free = max;
  const openSlot = ({ organizationId }: SlotAsker): Slot => {
    served.delete(organizationId);
    served.add(organizationId);
    let isHeld = true;
    return {
      [Symbol.dispose]() {
        if (!isHeld) return;
        isHeld = false;
        const next = nextOf(line, [...served]);
        if (next !== null) return next.enter(openSlot(next));
        free += 1;
        served.clear();
      },
    };
  };
  return {
    async take(asker, signal) {
      if (signal.aborted) return null;
      if (free > 0) {
        free -= 1;
        return openSlot(asker);
      }
      const { promise, resolve } = Promise.withResolvers<Slot | null>();
      const waiting: Waiting = {
        ...asker,
        enter(slot) {
          line.delete(waiting);
          resolve(slot);
        },
      };
      const leave = (): void => {
        // Who was let in already has a slot, and returns it.
        if (line.delete(waiting)) resolve(null);
      };
      line.add(waiting);
      signal.addEventListener('abort', leave, { once: true });
      try {
        return await promise;
      } finally {
        signal.removeEventListener('abort', leave);
      }
    },
  };
}

/** Whoever had none before whoever had one; among these the organization that had a slot longest ago, or never; of its own the first in line. */
function nextOf(line: Iterable<Waiting>, served: readonly string[]): Waiting | null {
  let best: { readonly waiting: Waiting; readonly rank: number } | null = null;
  for (const waiting of line) {
    const rank = served.indexOf(waiting.organizationId) + (waiting.isFirst ? 0 : served.length + 1);
    if (best === null || rank < best.rank) best = { waiting, rank };
  }
  return best?.waiting ?? null;
}
