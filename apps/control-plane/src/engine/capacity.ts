// How many live calls the box takes. A slot is held by one call and returned on every way out.

/** A held slot; disposing it twice returns it once. */
export type Slot = Disposable;

/** The slots of this process. */
export type Capacity = {
  /** Null when all slots are held. */
  acquire(): Slot | null;
  held(): number;
};

/** Opens `max` slots. */
export function openCapacity(max: number): Capacity {
  let held = 0;
  return {
    held: () => held,
    acquire() {
      if (held >= max) return null;
      held += 1;
      let isHeld = true;
      return {
        [Symbol.dispose]() {
          if (isHeld) held -= 1;
          isHeld = false;
        },
      };
    },
  };
}
