/** What a figure has to reach, written as people write it: "<= 4", ">= 90", "= 0". */

/** A parsed reach. */
export type Reach = { readonly comparison: '<=' | '>=' | '<' | '>' | '='; readonly bound: number };

/** Parses a reach; throws with the accepted forms when it is none. */
export function parseReach(text: string): Reach {
  const match = /^\s*(<=|>=|<|>|=)?\s*(-?\d+(?:\.\d+)?)\s*$/.exec(text);
  if (!match) throw new Error(`reach "${text}": write a comparison (<=, >=, <, >, =) and a number, such as "<= 4"`);
  return { comparison: (match[1] ?? '=') as Reach['comparison'], bound: Number(match[2]) };
}

/** Whether a measured value reaches it. */
export function isReached(value: number, { comparison, bound }: Reach): boolean {
  switch (comparison) {
    case '<=':
      return value <= bound;
    case '>=':
      return value >= bound;
    case '<':
      return value < bound;
    case '>':
      return value > bound;
    case '=':
      return value === bound;
  }
}

/** True when a smaller value is better: the direction of a trend. */
export function isLowerBetter({ comparison }: Reach): boolean {
  return comparison === '<=' || comparison === '<';
}
