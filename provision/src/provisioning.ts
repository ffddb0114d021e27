/** Runs the plan: each step that has something to change, then a look whether the change took, then the screen. */
import { describeAppliance, requireAppliance } from './appliance.ts';
import { writeSecretFiles } from './control-plane-files-step.ts';
import { parseDemo } from './demo-step.ts';
import { gatherFacts } from './facts.ts';
import type { Facts } from './facts.ts';
import { waitUntilReady } from './health.ts';
import { ObstacleError } from './place.ts';
import type { Place } from './place.ts';
import { findObstacles, planSteps } from './plan.ts';
import { runProgram } from './program.ts';
import { renderScreen } from './screen.ts';
import { areSecretKeysLost, forgetAdminKey, withNewAdminKey, writeSecrets } from './secrets.ts';
import { SERVICE_NAMES } from './services.ts';
import { steps } from './steps.ts';

/** Prints what a run would change, and changes nothing. Returns the number of changes. */
export async function printPlan(place: Place): Promise<number> {
  const facts = await gatherFacts(place);
  console.log(describeMachine(facts));
  const planned = planSteps(facts, steps);
  for (const { step, changes } of planned) for (const change of changes) console.log(`  ${step.name}: ${change}`);
  const count = planned.reduce((sum, { changes }) => sum + changes.length, 0);
  console.log(count === 0 ? 'Nothing would change.' : `${count} changes.`);
  for (const obstacle of findObstacles(facts)) console.log(`In the way: ${obstacle}`);
  return count;
}

/** Makes the machine an appliance. Every failure throws: the screen at the end is printed only when everything holds. */
export async function provision(place: Place, signal: AbortSignal): Promise<void> {
  const startedAtMs = Date.now();
  let facts = await gatherFacts(place);
  console.log(describeMachine(facts));
  const obstacles = findObstacles(facts);
  if (obstacles.length > 0) throw new ObstacleError(obstacles.join('\n'));
  const hasLostKeys = areSecretKeysLost(facts);
  let count = 0;
  for (const step of steps) {
    const changes = step.changes(facts);
    if (changes.length === 0) continue;
    for (const change of changes) console.log(`  ${step.name}: ${change}`);
    count += changes.length;
    try {
      await step.apply({ facts, signal, log: (message) => console.log(`    ${message}`) });
    } catch (cause) {
      throw new Error(`step "${step.name}" failed`, { cause });
    }
    facts = await gatherFacts(place);
    const left = step.changes(facts);
    if (left.length > 0) throw new Error(`step "${step.name}" ran, but this is still to do: ${left.join('; ')}`);
  }
  if (count === 0) console.log('0 changes.');
  await finish({ facts, count, hasLostKeys, startedAtMs, signal });
}

/**
 * Replaces the admin key and shows the new one. The control plane reads the hash's file at every request: nothing restarts, and the old key is
 * dead at once. Cut short, the next run of the plan goes on and shows the key: until then it lies in the secrets' file, which root alone reads.
 */
export async function renewAdminKey(place: Place, signal: AbortSignal): Promise<void> {
  const facts = await gatherFacts(place);
  const { secrets, home, user } = facts;
  if (!secrets?.secretKeys || !user || !describeAppliance(facts))
    throw new ObstacleError('this release is not installed yet, so there is no admin key to replace: run provision.sh without a verb');
  const renewed = withNewAdminKey(secrets);
  await writeSecrets(home, renewed);
  await writeSecretFiles({ ...facts, secrets: renewed }, user);
  await print(`Admin key  ${renewed.adminKey}  (header X-Admin-Key; shown this once, the old key is refused from now on)\n`);
  await writeSecrets(home, forgetAdminKey(renewed));
  // A lost key is replaced whatever else is broken: the record comes last, and its failure is said rather than thrown.
  const argv = ['apps/control-plane/src/main.ts', 'record-admin-key-rotation'];
  await runProgram(facts, { argv, signal, timeoutMs: 60_000 }).catch((error: Error) =>
    console.error(`The audit log does not have this rotation: ${error.message}`),
  );
}

async function finish({
  facts,
  count,
  hasLostKeys,
  startedAtMs,
  signal,
}: {
  facts: Facts;
  count: number;
  hasLostKeys: boolean;
  startedAtMs: number;
  signal: AbortSignal;
}): Promise<void> {
  const appliance = requireAppliance(facts);
  for (const name of SERVICE_NAMES) await waitUntilReady(facts, appliance, { name, timeoutMs: 30_000, signal });
  const { secrets, state } = facts;
  if (!secrets || !state.testCall) throw new Error('secrets or the test call are missing after all steps: a bug in the steps');
  const screen = renderScreen({
    facts,
    demo: parseDemo(state.demo?.answer),
    testCall: state.testCall,
    phonePassword: secrets.phone,
    adminKey: secrets.adminKey ?? null,
    hasLostKeys,
    changes: count,
    elapsedMs: Date.now() - startedAtMs,
  });
  await print(`${screen}\n`);
  if (secrets.adminKey === undefined) return;
  await writeSecrets(facts.home, forgetAdminKey(secrets));
}

/** To the end of the write: the admin key is forgotten only after it has left this process. */
async function print(text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => process.stdout.write(text, (error) => (error ? reject(error) : resolve())));
}

function describeMachine({ machine, home }: Facts): string {
  const gib = (bytes: number): string => (bytes / 1024 ** 3).toFixed(0);
  const engine = machine.containerEngine === null ? 'no container engine' : `${machine.containerEngine} (not used)`;
  const { id, version } = machine.system;
  return `${id} ${version}, ${machine.architecture}, ${machine.cores} cores, ${gib(machine.memoryBytes)} GiB memory, ${gib(machine.diskFreeBytes)} GiB free, ${engine}; installation in ${home}`;
}
