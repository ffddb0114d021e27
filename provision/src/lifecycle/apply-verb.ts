/** `provision.sh` without a verb: makes the machine an appliance, or puts right what is not as it should be. */
import { EXIT } from '#place.ts';
import type { Place } from '#place.ts';
import { provision } from '#provisioning.ts';
import { parseVerbArguments } from './arguments.ts';

export async function runApply(place: Place, args: readonly string[], signal: AbortSignal): Promise<number> {
  parseVerbArguments(args, { yes: { type: 'boolean' } });
  await provision(place, signal);
  return EXIT.ok;
}
