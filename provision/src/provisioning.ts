/** Runs the plan: each step that has something to change, then the screen. */
import { listMissing } from '#lifecycle/created.ts';
import { appendEntry, findInterrupted, readJournal } from '#lifecycle/journal.ts';
import { lookAround } from '#lifecycle/look.ts';
import { nameRun, takeStep } from '#lifecycle/step-run.ts';
import { describeAppliance, requireAppliance } from './appliance.ts';
import { writeSecretFiles } from './control-plane-files-step.ts';
import { gatherFacts } from './facts.ts';
import type { Facts } from './facts.ts';
import { waitUntilReady } from './health.ts';
import { ObstacleError } from './place.ts';
import type { Finding, Place } from './place.ts';
import { CONTROL_PLANE, runProgram } from './program.ts';
import { describeInstallation, renderScreen } from './screen.ts';
import type { Installation } from './screen.ts';
import { areSecretKeysLost, forgetAdminKey, withNewAdminKey, writeSecrets } from './secrets.ts';
import { SERVICE_NAMES } from './services.ts';
import type { Profile } from './settings.ts';
import { steps } from './steps.ts';

export type ProvisionOptions = {
  /** Gets each line of progress; the terminal's own when left out. */
  readonly say?: (line: string) => void;
  /** Prints the end of the run, to the last character: the admin key is forgotten after it. */
  readonly show?: (installation: Installation) => Promise<void>;
  /** Whether to go on in spite of what is worth a word; asked only where there is something. */
  readonly isAgreed?: (warnings: readonly Finding[]) => Promise<boolean>;
  readonly profile?: Profile | null;
};

/** Makes the machine an appliance. Every failure throws: the screen at the end is printed only when everything holds. */
export async function provision(place: Place, signal: AbortSignal, options: ProvisionOptions = {}): Promise<void> {
  const { say = (line) => console.log(line), show = showScreen, isAgreed = async () => true } = options;
  const startedAtMs = Date.now();
  const look = await lookAround(place, { signal, profile: options.profile ?? null });
  say(look.machineLine);
  if (look.obstacles.length > 0) throw new ObstacleError(look.obstacles);
  if (look.warnings.length > 0 && !(await isAgreed(look.warnings)))
    throw new ObstacleError('stopped before anything was changed: not agreed to');
  const hasLostKeys = areSecretKeysLost(look.facts);
  const { facts, count } = await runSteps(look.facts, { say, signal });
  if (count === 0) say('0 changes.');
  const appliance = requireAppliance(facts);
  for (const name of SERVICE_NAMES) await waitUntilReady(facts, appliance, { name, timeoutMs: 30_000, signal });
  const { secrets } = facts;
  if (!secrets) throw new Error('the secrets are missing after all steps: a bug in the steps');
  await show(describeInstallation({ facts, secrets, look, hasLostKeys, changes: count, elapsedMs: Date.now() - startedAtMs }));
  if (secrets.adminKey !== undefined) await writeSecrets(facts.home, forgetAdminKey(secrets));
}

type StepTalk = { readonly say: (line: string) => void; readonly signal: AbortSignal };

/** Takes every step that has something to change. Returns what is so afterwards, and how much was changed. */
async function runSteps(before: Facts, { say, signal }: StepTalk): Promise<{ readonly facts: Facts; readonly count: number }> {
  const run = nameRun();
  const interrupted = findInterrupted(await readJournal(before.home));
  // It had done its work and was killed before it could say so.
  const isDone = interrupted && (steps.find(({ name }) => name === interrupted.step)?.changes(before) ?? []).length === 0;
  if (isDone) {
    const { step, changes } = interrupted;
    await appendEntry(before.home, { at: new Date().toISOString(), run, step, changes, state: 'done' });
  }
  let facts = before;
  let count = 0;
  for (const step of steps) {
    const changes = step.changes(facts);
    if (changes.length === 0) continue;
    if (count === 0 && interrupted)
      say(`The run of ${interrupted.at} was cut short in step "${interrupted.step}"; this one goes on with "${step.name}".`);
    for (const change of changes) say(`  ${step.name}: ${change}`);
    count += changes.length;
    const now = facts;
    const created = await listMissing(step.creates?.(now) ?? []);
    facts = await takeStep(
      now.home,
      { run, step: step.name, changes: [...changes], created: [...created] },
      {
        apply: async () => await step.apply({ facts: now, signal, log: (message) => say(`    ${message}`) }),
        look: async () => await gatherFacts(now),
        listLeft: (after) => step.changes(after),
      },
    );
  }
  return { facts, count };
}

/** Prints the screen at the end of a run. */
export async function showScreen(installation: Installation): Promise<void> {
  await print(`${renderScreen(installation)}\n`);
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
  const argv = [CONTROL_PLANE, 'record-admin-key-rotation'];
  await runProgram(facts, { argv, signal, timeoutMs: 60_000 }).catch((error: Error) =>
    console.error(`The audit log does not have this rotation: ${error.message}`),
  );
}

/** To the end of the write: the admin key is forgotten only after it has left this process. */
export async function print(text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => process.stdout.write(text, (error) => (error ? reject(error) : resolve())));
}
