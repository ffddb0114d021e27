/** What a run would change, step by step: pure, so that `--plan` and the run itself cannot disagree. */
import { isBroughtUp } from '#releases/release-records.ts';
import type { Facts } from './facts.ts';

/** What a step may use when it acts. */
export type StepTools = {
  readonly facts: Facts;
  readonly log: (message: string) => void;
  readonly signal: AbortSignal;
};

/** One thing that must be so. */
export type Step = {
  readonly name: string;
  /** What is not as it should be, in words for the operator; none when the step is done. Pure. */
  readonly changes: (facts: Facts) => readonly string[];
  /** Makes it so. May be cut short at any moment and run again. */
  readonly apply: (tools: StepTools) => Promise<void>;
};

export type PlannedStep = { readonly step: Step; readonly changes: readonly string[] };

/** The steps that would act, with what each would change. */
export function planSteps(facts: Facts, steps: readonly Step[]): readonly PlannedStep[] {
  return steps.map((step) => ({ step, changes: step.changes(facts) })).filter(({ changes }) => changes.length > 0);
}

/** What must be put right by hand before anything is changed. */
export function findObstacles(facts: Facts): readonly string[] {
  const { machine } = facts;
  const { releaseChange } = facts.state;
  const obstacles: string[] = [];
  if (releaseChange && !isBroughtUp(releaseChange, facts.release.id))
    obstacles.push(
      `the ${releaseChange.kind} from ${releaseChange.from} to ${releaseChange.to} was cut short: ./provision.sh --${releaseChange.kind} goes on with it`,
    );
  if (machine.architecture !== 'x64' && machine.architecture !== 'arm64')
    obstacles.push(`processor ${machine.architecture}: need x86-64 or arm64`);
  if (machine.memoryBytes < MEMORY_FLOOR_BYTES)
    obstacles.push(`${toGib(machine.memoryBytes)} GiB of memory: need ${toGib(MEMORY_FLOOR_BYTES)}`);
  if (!facts.root && machine.diskFreeBytes < DISK_FLOOR_BYTES) {
    obstacles.push(`${toGib(machine.diskFreeBytes)} GiB free below ${facts.home}: need ${toGib(DISK_FLOOR_BYTES)}`);
  }
  for (const taken of facts.takenPorts) {
    const [setting, port] = taken.split('=');
    obstacles.push(`port ${port} is in use by another program: stop it, or put another ${setting}=… into ${facts.home}/.env and run again`);
  }
  return obstacles;
}

/** Idle, all four services take 0.6 GiB. */
const MEMORY_FLOOR_BYTES = 1.5 * 1024 ** 3;
/** Root 0.8 GiB twice while it is replaced, database, logs 0.5 GiB, and room for recordings (0.96 MB a minute). */
const DISK_FLOOR_BYTES = 4 * 1024 ** 3;

function toGib(bytes: number): string {
  return (bytes / 1024 ** 3).toFixed(1);
}
