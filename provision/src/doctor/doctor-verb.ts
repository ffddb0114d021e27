/** `provision.sh doctor`: is this machine, and what is installed on it, as it should be; and if not, what to type. */
import { readRuntime } from '#containers/container-steps.ts';
import { parseVerbArguments } from '#lifecycle/arguments.ts';
import type { Place } from '#place.ts';
import { renderReport } from './doctor-report.ts';
import { examine } from './examine.ts';
import { judge } from './judgement.ts';

/** Examines and prints. Returns 0 when all is well, 10 with warnings, 20 when something must be put right. */
export async function runDoctor(place: Place, args: readonly string[], signal: AbortSignal): Promise<number> {
  const { values } = parseVerbArguments(args, { json: { type: 'boolean' }, 'no-call': { type: 'boolean' } });
  const isCalling = values['no-call'] !== true;
  // Through containers it is placed where they are looked at.
  const isNative = (await readRuntime(place.home)) !== 'docker';
  if (isCalling && values.json !== true) console.log('Looking, and placing a test call, which takes half a minute …');
  const seen = await examine(place, { env: process.env, signal, isCalling: isCalling && isNative });
  const report = await judge(place, seen, { signal, isCalling });
  process.stdout.write(values.json === true ? `${JSON.stringify(report)}\n` : renderReport(report));
  return report.exitCode;
}
