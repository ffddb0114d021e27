/** What the checks make of what was seen: those of an installation in containers where the appliance runs in them, else the native ones. */
import { CONTAINER_CHECKS } from '#containers/container-checks.ts';
import type { ContainersSeen } from '#containers/container-checks.ts';
import { gatherContainerFacts } from '#containers/container-facts.ts';
import { listContainerChanges, readRuntime } from '#containers/container-steps.ts';
import type { Hardware } from '#machine/hardware.ts';
import { listCauses } from '#place.ts';
import type { Place } from '#place.ts';
import { APPLIANCE_CHECKS, CARE_CHECKS, FILE_CHECKS } from './appliance-checks.ts';
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
  const contained = await lookAtContainers(place, machine.hardware, signal);
  // Of containers that could not be looked at the ports may be theirs.
  const isInstalled = contained.fault !== null || contained.services.length > 0;
  return [
    ...runChecks(MACHINE_CHECKS, { ...machine, isInstalled }),
    ...runChecks([FILE_CHECKS], appliance),
    ...runChecks(CONTAINER_CHECKS, contained),
    ...runChecks([CARE_CHECKS], appliance),
  ];
}

/** What keeps them from being looked at is a finding: the rest of the machine is judged all the same. */
async function lookAtContainers(place: Place, hardware: Hardware, signal: AbortSignal): Promise<ContainersSeen> {
  try {
    const now = await gatherContainerFacts({ ...place, hardware, signal });
    const { services, facts } = now;
    return { fault: null, services, changes: listContainerChanges(now), calledAt: facts.state.testCall?.at ?? null };
  } catch (error) {
    signal.throwIfAborted();
    return { fault: listCauses(error).join(': '), services: [], changes: [], calledAt: null };
  }
}
