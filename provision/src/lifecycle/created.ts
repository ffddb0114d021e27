/** Which of the things that a step is about to make are not there yet: what was there before stays when the installation goes. */
import { findSystemUser } from '#system-user.ts';
import type { Created } from './journal.ts';

/** Those of `candidates` that the machine does not have. */
export async function listMissing(candidates: readonly Created[]): Promise<readonly Created[]> {
  const present = await Promise.all(candidates.map(isPresent));
  return candidates.filter((_, index) => present[index] === false);
}

async function isPresent(thing: Created): Promise<boolean> {
  switch (thing.kind) {
    case 'user':
      return (await findSystemUser(thing.name)) !== null;
    // The step names only those packages whose programs are missing.
    case 'package':
      return false;
  }
}
