/** What the checks make of what was seen: those of an installation in containers where the appliance runs in them, else the native ones. */
import { CONTAINER_CHECKS } from '#containers/container-checks.ts';
import { examineContainers } from '#containers/container-examination.ts';
import { readRuntime } from '#containers/container-steps.ts';
import type { Place } from '#place.ts';
import { APPLIANCE_CHECKS, CARE_CHECKS, FILE_CHECKS } from './appliance-checks.ts';
import { runChecks } from './check.ts';
import type { Checked } from './check.ts';
import { summarize } from './doctor-report.ts';
import type { DoctorReport } from './doctor-report.ts';
import type { Examination } from './examine.ts';
import { MACHINE_CHECKS } from './machine-checks.ts';

type Judging = {
  readonly signal: AbortSignal;
  /** Whether a call is placed through containers: what one natively came to is in what was seen. */
  readonly isCalling: boolean;
};

/** Judges everything. */
export async function judge(place: Place, seen: Examination, judging: Judging): Promise<DoctorReport> {
  const { machine, appliance } = seen;
  const isContained = (await readRuntime(place.home)) === 'docker';
  const checked = isContained
    ? await checkContained(place, seen, judging)
    : [...runChecks(MACHINE_CHECKS, machine), ...runChecks(APPLIANCE_CHECKS, appliance)];
  return summarize(checked, { at: appliance.now, probes: [...machine.hardware.probes, ...machine.host.probes] });
}

async function checkContained(place: Place, { machine, appliance }: Examination, judging: Judging): Promise<readonly Checked[]> {
  const { seen, hardware } = await examineContainers(place, { ...judging, hardware: machine.hardware });
  // Of containers that could not be looked at the ports may be theirs.
  const isInstalled = seen.fault !== null || seen.services.length > 0;
  return [
    ...runChecks(MACHINE_CHECKS, { ...machine, hardware, isInstalled }),
    ...runChecks([FILE_CHECKS], appliance),
    ...runChecks(CONTAINER_CHECKS, seen),
    ...runChecks([CARE_CHECKS], appliance),
  ];
}
