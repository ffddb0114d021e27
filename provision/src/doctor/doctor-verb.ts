/** `provision.sh doctor`: is this machine, and what is installed on it, as it should be; and if not, what to type. */
import { parseVerbArguments } from '#lifecycle/arguments.ts';
import type { Place } from '#place.ts';
import { APPLIANCE_CHECKS } from './appliance-checks.ts';
import { runChecks } from './check.ts';
import { renderReport, summarize } from './doctor-report.ts';
import { examine } from './examine.ts';
import { MACHINE_CHECKS } from './machine-checks.ts';

/** Examines and prints. Returns 0 when all is well, 10 with warnings, 20 when something must be put right. */
export async function runDoctor(place: Place, args: readonly string[], signal: AbortSignal): Promise<number> {
  const { values } = parseVerbArguments(args, { json: { type: 'boolean' }, 'no-call': { type: 'boolean' } });
  const isCalling = values['no-call'] !== true;
  if (isCalling && values.json !== true) console.log('Looking, and placing a test call, which takes half a minute …');
  const { machine, appliance } = await examine(place, { env: process.env, signal, isCalling });
  const checked = [...runChecks(MACHINE_CHECKS, machine), ...runChecks(APPLIANCE_CHECKS, appliance)];
  const report = summarize(checked, { at: appliance.now, probes: [...machine.hardware.probes, ...machine.host.probes] });
  process.stdout.write(values.json === true ? `${JSON.stringify(report)}\n` : renderReport(report));
  return report.exitCode;
}
