/** One look at everything before a run: the machine, what is installed, what would change, what is in the way. Changes nothing. */
import { gatherFacts } from '#facts.ts';
import type { Facts } from '#facts.ts';
import { toGib } from '#gibibytes.ts';
import type { Hardware } from '#machine/hardware.ts';
import { listKeptAddresses } from '#own-addresses.ts';
import type { KeptAddress } from '#own-addresses.ts';
import type { Finding, Place } from '#place.ts';
import { planSteps } from '#plan.ts';
import type { PlannedStep } from '#plan.ts';
import { SUITE } from '#private-root.ts';
import type { Profile } from '#settings.ts';
import { steps } from '#steps.ts';
import { askMirror } from './mirror.ts';
import { listFindings } from './obstacles.ts';

export type Look = {
  readonly facts: Facts;
  /** The machine in one line. */
  readonly machineLine: string;
  readonly planned: readonly PlannedStep[];
  /** What of `.env` the operator wrote himself where a run has an answer of its own. */
  readonly kept: readonly KeptAddress[];
  readonly obstacles: readonly Finding[];
  readonly warnings: readonly Finding[];
};

/** Steps that fetch from the Debian mirror. */
const FETCHING = ['packages', 'private root'];

/** Looks. Throws `ObstacleError` when `.env` or the secrets' file cannot be read. */
export async function lookAround(
  place: Place,
  { signal, profile, hardware }: { readonly signal: AbortSignal; readonly profile: Profile | null; readonly hardware?: Hardware },
): Promise<Look> {
  const facts = await gatherFacts({ ...place, signal, profile, ...(hardware ? { hardware } : {}) });
  const mustFetch = planSteps(facts, steps).some(({ step }) => FETCHING.includes(step.name));
  if (!mustFetch) return judgeFacts(facts, { mirrorFault: null });
  const { fault, clockOffsetMs } = await askMirror(SUITE, signal);
  return judgeFacts(withMirrorsClock(facts, clockOffsetMs), { mirrorFault: fault });
}

/** An offset that no cache and no slow answer explains. */
const MIRROR_OFFSET_MS = 300_000;

/** Where no time service says how the clock is, the mirror's tells whether it is wrong by minutes: certificates and the archive's index fail then. Pure. */
export function withMirrorsClock(facts: Facts, clockOffsetMs: number | null): Facts {
  const { hardware } = facts;
  if (hardware.clockOffsetMs.kind === 'known' || clockOffsetMs === null || Math.abs(clockOffsetMs) < MIRROR_OFFSET_MS) return facts;
  return { ...facts, hardware: { ...hardware, clockOffsetMs: { kind: 'known', value: clockOffsetMs } } };
}

/** What follows from what was found out. Pure. */
export function judgeFacts(facts: Facts, { mirrorFault }: { readonly mirrorFault: string | null }): Look {
  const kept = listKeptAddresses(facts);
  const { obstacles, warnings } = listFindings({ facts, mirrorFault });
  return {
    facts,
    machineLine: describeMachineLine(facts),
    planned: planSteps(facts, steps),
    kept,
    obstacles,
    warnings: [...warnings, ...findIdleBoards(facts, kept)],
  };
}

/** Natively nothing starts Triton: until its address is in `.env` the calls that are admitted for the boards are served by the processor. */
function findIdleBoards({ sizing }: Facts, kept: readonly KeptAddress[]): readonly Finding[] {
  const isOnBoard = sizing.plan.models.some(({ role, gpuUuid }) => role === 'speech_to_text' && gpuUuid !== null);
  if (!isOnBoard || kept.some(({ setting }) => setting === 'SPEECH_TO_TEXT_URL')) return [];
  return [
    {
      name: 'inference',
      reason: `${sizing.plan.maxConcurrentCalls} calls are planned with the models on the boards, and without containers nothing serves these: calls go to the processor's inference server`,
      fix: './provision.sh triton says how they are started and named in .env; or leave the boards alone: --profile cpu',
    },
  ];
}

/** Such as `debian 12, x64, 2 cores, 23 GiB memory, 74 GiB free, no GPU, no container engine`. */
export function describeMachineLine({ machine, hardware }: Pick<Facts, 'machine' | 'hardware'>): string {
  const engine = machine.containerEngine === null ? 'no container engine' : machine.containerEngine;
  const { id, version } = machine.system;
  return [
    `${id} ${version}`,
    machine.architecture,
    `${machine.cores} cores`,
    `${toGib(machine.memoryBytes, 0)} GiB memory`,
    `${toGib(machine.diskFreeBytes, 0)} GiB free`,
    describeGpu(hardware.gpu),
    engine,
  ].join(', ');
}

function describeGpu(gpu: Hardware['gpu']): string {
  switch (gpu.kind) {
    case 'absent':
      return gpu.others.length === 0 ? 'no GPU' : `no NVIDIA GPU (${gpu.others.join(', ')})`;
    case 'broken':
      return 'a GPU that does not answer';
    case 'found':
      return gpu.gpus.map((board) => `${board.name} ${toGib(board.memoryTotalBytes, 0)} GiB`).join(' + ');
  }
}
