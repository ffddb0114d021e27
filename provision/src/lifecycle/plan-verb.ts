/** `provision.sh --plan`: what a run would change. */
import { EXIT } from '#place.ts';
import type { Place } from '#place.ts';
import { printPlan } from '#provisioning.ts';
import { parseVerbArguments } from './arguments.ts';

export async function runPlan(place: Place, args: readonly string[]): Promise<number> {
  parseVerbArguments(args, {});
  await printPlan(place);
  return EXIT.ok;
}
