// Randomness that a seed decides, so that what a run found can be found again.

/** mulberry32: 32 bits of state are enough to vary a workload, and the same seed gives the same numbers in [0, 1) on any machine. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Choices made with such numbers. */
export type Choices = {
  /** True in this share of all cases. */
  chance(share: number): boolean;
  /** An integer from 0 to `below` - 1. */
  int(below: number): number;
  /** One of a list; throws when it is empty. */
  pick<Item>(list: readonly Item[]): Item;
};

export function createChoices(random: () => number): Choices {
  const int = (below: number): number => Math.floor(random() * below);
  return {
    chance: (share) => random() < share,
    int,
    pick(list) {
      if (list.length === 0) throw new Error('there is nothing to pick from');
      return list[int(list.length)] as (typeof list)[number];
    },
  };
}
