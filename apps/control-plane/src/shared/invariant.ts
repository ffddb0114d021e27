// States the space that we do not expect; a failure is a bug in our code, never bad input.

/** Throws when `condition` is false. `message` says what was assumed. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${message}`);
}
