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
  const isContained = (await readRuntime(place.home)) === 'docker';
  // In containers a call is placed by a run alone, where something that it goes through has changed.
  const isCalling = values['no-call'] !== true && !isContained;
  if (isCalling && values.json !== true) console.log('Looking, and placing a test call, which takes half a minute …');
  const seen = await examine(place, { env: process.env, signal, isCalling });
  const report = await judge(place, seen, signal);
  process.stdout.write(values.json === true ? `${JSON.stringify(report)}\n` : renderReport(report));
  return report.exitCode;
}
