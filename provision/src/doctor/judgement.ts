/** What the checks make of what was seen: those of an installation in containers where the appliance runs in them, else the native ones. */
import { CONTAINER_CHECKS } from '#containers/container-checks.ts';
import { gatherContainerFacts } from '#containers/container-facts.ts';
import { containerSteps, readRuntime } from '#containers/container-steps.ts';
import type { Place } from '#place.ts';
import { APPLIANCE_CHECKS, BACKUP_CHECKS, FILE_CHECKS } from './appliance-checks.ts';
import { runChecks } from './check.ts';
import type { Checked } from './check.ts';
import { summarize } from './doctor-report.ts';
import type { DoctorReport } from './doctor-report.ts';
import type { Examination } from './examine.ts';
import { MACHINE_CHECKS } from './machine-checks.ts';

/** Judges everything. Places no call: what one came to is in what was seen. */
export async function judge(place: Place, seen: Examination, signal: AbortSignal): Promise<DoctorReport> {
  const { machine, appliance } = seen;
  const isContained = (await readRuntime(place.home)) === 'docker';
  const checked = isContained
    ? await checkContained(place, seen, signal)
    : [...runChecks(MACHINE_CHECKS, machine), ...runChecks(APPLIANCE_CHECKS, appliance)];
  return summarize(checked, { at: appliance.now, probes: [...machine.hardware.probes, ...machine.host.probes] });
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
    ...runChecks([BACKUP_CHECKS], appliance),
  ];
}
