/** `provision.sh doctor`: is this machine, and what is installed on it, as it should be; and if not, what to type. */
import { CONTAINER_CHECKS } from '#containers/container-checks.ts';
import { gatherContainerFacts } from '#containers/container-facts.ts';
import { containerSteps, readRuntime } from '#containers/container-steps.ts';
import { parseVerbArguments } from '#lifecycle/arguments.ts';
import type { Place } from '#place.ts';
import { APPLIANCE_CHECKS, FILE_CHECKS } from './appliance-checks.ts';
import { runChecks } from './check.ts';
import type { Checked } from './check.ts';
import { renderReport, summarize } from './doctor-report.ts';
import { examine } from './examine.ts';
import type { Examination } from './examine.ts';
import { MACHINE_CHECKS } from './machine-checks.ts';

/** Examines and prints. Returns 0 when all is well, 10 with warnings, 20 when something must be put right. */
export async function runDoctor(place: Place, args: readonly string[], signal: AbortSignal): Promise<number> {
  const { values } = parseVerbArguments(args, { json: { type: 'boolean' }, 'no-call': { type: 'boolean' } });
  const isContained = (await readRuntime(place.home)) === 'docker';
  // In containers a call is placed by a run alone, where something that it goes through has changed.
  const isCalling = values['no-call'] !== true && !isContained;
  if (isCalling && values.json !== true) console.log('Looking, and placing a test call, which takes half a minute …');
  const seen = await examine(place, { env: process.env, signal, isCalling });
  const { machine, appliance } = seen;
  const checked = isContained
    ? await checkContained(place, seen, signal)
    : [...runChecks(MACHINE_CHECKS, machine), ...runChecks(APPLIANCE_CHECKS, appliance)];
  const report = summarize(checked, { at: appliance.now, probes: [...machine.hardware.probes, ...machine.host.probes] });
  process.stdout.write(values.json === true ? `${JSON.stringify(report)}\n` : renderReport(report));
  return report.exitCode;
}

async function checkContained(place: Place, { machine, appliance }: Examination, signal: AbortSignal): Promise<readonly Checked[]> {
  const now = await gatherContainerFacts({ ...place, hardware: machine.hardware, signal });
  const contained = {
    services: now.services,
    changes: containerSteps.flatMap((step) => step.changes(now)),
    calledAt: now.facts.state.testCall?.at ?? null,
  };
  return [
    ...runChecks(MACHINE_CHECKS, { ...machine, isInstalled: now.services.length > 0 }),
    ...runChecks([FILE_CHECKS], appliance),
    ...runChecks(CONTAINER_CHECKS, contained),
  ];
}
