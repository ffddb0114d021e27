/** `--check` of an installation in containers: its own ports and its own Asterisk are in nobody's way, and what would change is what the containers' steps say. */
import type { Examination } from '#doctor/examine.ts';
import type { MachineSeen } from '#doctor/machine-seen.ts';
import { checkWith } from '#lifecycle/check-verb.ts';
import type { CheckSite } from '#lifecycle/check-verb.ts';
import type { Place } from '#place.ts';
import type { VerbCall } from '#runtime/runtime.ts';
import { examineContainers } from './container-examination.ts';
import { readContainerLimits } from './container-limits.ts';
import { lookAroundContainers } from './container-look.ts';

/** As natively; what keeps the containers from being looked at is thrown as `ObstacleError`. */
export async function runContainerCheck(call: VerbCall): Promise<number> {
  return await checkWith(call, CONTAINERS);
}

const CONTAINERS: CheckSite = {
  look: async (place) => {
    const { now, look } = await lookAroundContainers(place);
    const isInstalled = now.containers.up !== undefined;
    return { look, isInstalled, running: await readContainerLimits(now.facts, place.signal) };
  },
  machineOf: machineOfContainers,
};

async function machineOfContainers(place: Place, { machine }: Examination, signal: AbortSignal): Promise<MachineSeen> {
  const { seen, hardware } = await examineContainers(place, { hardware: machine.hardware, signal, isCalling: false });
  // Of containers that could not be looked at the ports may be theirs.
  return { ...machine, hardware, isInstalled: seen.fault !== null || seen.services.length > 0 };
}
