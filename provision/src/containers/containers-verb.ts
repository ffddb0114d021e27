/** The verbs of an installation in containers: the one function that decides which runtime a verb is for, and does it where that is docker. */
import { join } from 'node:path';
import { runOnTerminal } from '#command.ts';
import { runBackup } from '#backup/backup-verb.ts';
import { runRestore } from '#backup/restore-verb.ts';
import { bundleContainers } from '#bundle/container-bundle.ts';
import { parseVerbArguments } from '#lifecycle/arguments.ts';
import { runUninstall } from '#lifecycle/uninstall-verb.ts';
import { EXIT, ObstacleError, UsageError } from '#place.ts';
import { CONTROL_PLANE } from '#program.ts';
import { print } from '#provisioning.ts';
import { runRollback } from '#releases/rollback-verb.ts';
import { runUpgrade } from '#releases/upgrade-verb.ts';
import { replaceFile } from '#rendered-files.ts';
import type { RuntimeCall, VerbCall } from '#runtime/runtime.ts';
import { ADMIN_KEY_HASH_FILE, forgetAdminKey, parseSecrets, withNewAdminKey, writeSecrets } from '#secrets.ts';
import { readTextIfThere } from '#text-file.ts';
import { composeCommand, readServices, runCompose } from './compose.ts';
import type { Compose } from './compose.ts';
import { applyContainers, runContainerPlan } from './container-apply.ts';
import { containersFolder } from './container-appliance.ts';
import { containerRuntime } from './container-runtime.ts';
import { runContainerCheck } from './container-check.ts';
import { calibrateContainers } from './container-calibration.ts';
import { runContainerEngines } from './container-engines.ts';
import { findInstalled } from './container-place.ts';
import { readRuntime } from './container-steps.ts';
import { IDENTITIES } from './identities.ts';

const RUNTIMES = ['native', 'docker'] as const;
type Runtime = (typeof RUNTIMES)[number];

/** What each verb does in containers. */
const VERBS: Readonly<Record<string, (call: VerbCall) => Promise<number>>> = {
  status: runStatus,
  logs: async ({ place, args, signal }) =>
    await passOn(await findInstalled(place, signal), ['logs', '--tail', args[0] === undefined ? '20' : '200', ...args]),
  stop: async ({ place, signal }) => await passOn(await findInstalled(place, signal), ['stop']),
  start: async ({ place, signal }) =>
    await passOn(await findInstalled(place, signal), ['up', '--detach', '--wait', '--no-build', '--pull', 'never']),
  'new-admin-key': renewAdminKey,
};
/** What is done by the same code in both runtimes, with the same words. */
const SHARED: Readonly<Record<string, (call: RuntimeCall) => Promise<number>>> = {
  '--backup': runBackup,
  '--restore': runRestore,
  '--upgrade': runUpgrade,
  '--rollback': runRollback,
  '--uninstall': runUninstall,
};
/** How many words may follow each of those of containers alone: whatever else is said is refused, never passed over without a word. */
const WORDS: Readonly<Record<string, number>> = { logs: 1 };
/** What is there in containers and reads its own words. */
const WITH_OWN_WORDS: Readonly<Record<string, (call: VerbCall) => Promise<number>>> = {
  '': applyContainers,
  '--check': runContainerCheck,
  '--plan': runContainerPlan,
  engines: runContainerEngines,
  '--bundle': bundleContainers,
  calibrate: calibrateContainers,
};
/** The bundle says which runtime it is of, also where nothing is installed yet: it is given every word. */
const DECIDES_ITSELF = '--offline';
/** Verbs that look at the machine or its files, whatever runs on it. */
const SAME_IN_BOTH = ['--support-bundle', 'doctor', 'models', 'triton'];

/** Every verb that has a way to be done in containers: all of them. */
export const CONTAINER_VERBS: readonly string[] = [
  ...Object.keys(VERBS),
  ...Object.keys(SHARED),
  ...Object.keys(WITH_OWN_WORDS),
  DECIDES_ITSELF,
  ...SAME_IN_BOTH,
];

/**
 * Does the verb where this installation is one of containers. Returns its exit code, or null and the words without `--runtime`: the native runtime's.
 * The first run says `--runtime docker`; the later ones remember it.
 */
export async function runInContainers(
  verb: string,
  { place, args, signal }: VerbCall,
): Promise<{ readonly exitCode: number | null; readonly args: readonly string[] }> {
  if (verb === DECIDES_ITSELF) return { exitCode: null, args };
  const { wish, rest } = takeRuntime(args);
  const before = await readRuntime(place.home);
  if (wish !== null && before !== null && wish !== before)
    throw new ObstacleError(
      `${place.home} is an installation of the ${before} runtime: take another CENTRALITA_HOME, or uninstall this one first`,
    );
  if ((wish ?? before ?? 'native') === 'native') return { exitCode: null, args: rest };
  const shared = SHARED[verb];
  if (shared) return { exitCode: await shared({ runtime: containerRuntime, place, args: rest, signal }), args: rest };
  const own = WITH_OWN_WORDS[verb];
  if (own) return { exitCode: await own({ place, args: rest, signal }), args: rest };
  const run = VERBS[verb];
  if (!run && SAME_IN_BOTH.includes(verb)) return { exitCode: null, args: rest };
  if (!run) throw new Error(`'${verb}' has no way to be done in containers: a bug in the table of verbs`);
  refuseUnknownWords(verb, rest);
  return { exitCode: await run({ place, args: rest, signal }), args: rest };
}

function refuseUnknownWords(verb: string, args: readonly string[]): void {
  try {
    parseVerbArguments(args, {}, WORDS[verb] ?? 0);
  } catch (cause) {
    throw new UsageError(`'${['provision.sh', verb, ...args].filter(Boolean).join(' ')}' is not there for an installation in containers`, {
      cause,
    });
  }
}

/** Takes `--runtime NAME` out of the words. */
export function takeRuntime(args: readonly string[]): { readonly wish: Runtime | null; readonly rest: readonly string[] } {
  const at = args.findIndex((word) => word === '--runtime' || word.startsWith('--runtime='));
  if (at < 0) return { wish: null, rest: args };
  const word = args[at] ?? '';
  const isJoined = word.includes('=');
  const name = isJoined ? word.slice(word.indexOf('=') + 1) : args[at + 1];
  const wish = RUNTIMES.find((known) => known === name);
  if (wish === undefined) throw new UsageError(`--runtime ${name ?? ''}: say ${RUNTIMES.join(' or ')}`);
  return { wish, rest: [...args.slice(0, at), ...args.slice(at + (isJoined ? 1 : 2))] };
}

async function runStatus({ place, signal }: VerbCall): Promise<number> {
  await findInstalled(place, signal);
  const services = await readServices(signal);
  for (const { name, isUp, words } of services) console.log(`${isUp ? 'ok  ' : 'DOWN'}  ${name.padEnd(18)}  ${words}`);
  if (services.length === 0) console.log('Nothing is running.');
  return services.length > 0 && services.every(({ isUp }) => isUp) ? EXIT.ok : EXIT.failed;
}

/** Compose's own words on the operator's terminal. */
async function passOn(compose: Compose, words: readonly string[]): Promise<number> {
  return (await runOnTerminal(composeCommand(compose, words))) === 0 ? EXIT.ok : EXIT.failed;
}

/** As natively: the hash's file is read at every request, so nothing restarts and the old key is dead at once. */
async function renewAdminKey({ place, signal }: VerbCall): Promise<number> {
  const compose = await findInstalled(place, signal);
  const { home } = compose;
  const secretsPath = join(home, 'secrets.json');
  const secrets = parseSecrets(await readTextIfThere(secretsPath), secretsPath);
  if (!secrets) throw new ObstacleError(`${home}/secrets.json is missing: put it back from a copy`);
  const renewed = withNewAdminKey(secrets);
  await writeSecrets(home, renewed);
  const path = join(containersFolder(home), 'files/control-plane', ADMIN_KEY_HASH_FILE);
  await replaceFile(path, `${renewed.adminKeyHash}\n`, { uid: 0, gid: IDENTITIES.centralita, mode: 0o640 });
  await print(`Admin key  ${renewed.adminKey}  (header X-Admin-Key; shown this once, the old key is refused from now on)\n`);
  await writeSecrets(home, forgetAdminKey(renewed));
  const record = ['exec', '-T', 'control-plane', 'node', CONTROL_PLANE, 'record-admin-key-rotation'];
  await runCompose(compose, record, { signal, timeoutMs: 60_000 }).catch((error: Error) =>
    console.error(`The audit log does not have this rotation: ${error.message}`),
  );
  return EXIT.ok;
}
