// How many live calls the box takes, and how many of them each organization. A slot is held by one call and returned on every way out.

/** A held slot; disposing it twice returns it once. */
export type Slot = Disposable;

/** The slots of this process. */
export type Capacity = {
  /** Null when `max` slots or more are held: what the box bears may change between two calls. */
  acquire(max: number): Slot | null;
  held(): number;
};

/** Opens the slots. */
export function openCapacity(): Capacity {
  let held = 0;
  return {
    held: () => held,
    acquire(max) {
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

/** The slots of this process by organization: each has its own limit, which its plan may change between two calls. */
export type SharedCapacity = {
  /** Null when the organization holds `max` slots or more. */
  acquire(organizationId: string, max: number): Slot | null;
  held(organizationId: string): number;
};

/** Opens the organizations' shares. An organization without a call takes no memory. */
export function openSharedCapacity(): SharedCapacity {
  const held = new Map<string, number>();
  const heldBy = (organizationId: string): number => held.get(organizationId) ?? 0;
  return {
    held: heldBy,
    acquire(organizationId, max) {
      if (heldBy(organizationId) >= max) return null;
      held.set(organizationId, heldBy(organizationId) + 1);
      let isHeld = true;
      return {
        [Symbol.dispose]() {
          if (!isHeld) return;
          isHeld = false;
          const left = heldBy(organizationId) - 1;
          if (left === 0) held.delete(organizationId);
          else held.set(organizationId, left);
        },
      };
    },
  };
}
