/** What a verb of `provision.sh` is. Types only, so that whoever writes one imports nothing of the others. */
import type { Place } from './place.ts';

/**
 * What there must be before a verb runs. `nothing`: it reads, and anybody may. `root`: it reads what root alone may, or writes what two may write at once.
 * `lock`: root, and one at a time. `install`: as `lock`, and the packages that it runs on are brought first where they are missing.
 */
export type VerbNeeds = 'nothing' | 'root' | 'lock' | 'install';

export type Verb = {
  /** First word after `provision.sh`; empty: no word at all. */
  readonly name: string;
  readonly aliases?: readonly string[];
  /** What follows the name, such as `[--json]`. */
  readonly usage: string;
  /** One line of `--help`. */
  readonly summary: string;
  readonly needs: VerbNeeds;
  /** Returns the exit code (`EXIT`). Throws `ObstacleError` (20) and `UsageError` (2); everything else that is thrown is 1. */
  readonly run: (place: Place, args: readonly string[], signal: AbortSignal) => Promise<number>;
};
