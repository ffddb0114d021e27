/** The runtime of containers, as a backup, a restore and a change of release see it: compose, the engine's volumes and the images. */
import { join } from 'node:path';
import { psqlOf } from '#backup/database-access.ts';
import type { DatabaseAccess } from '#backup/database-access.ts';
import type { BackupFolder } from '#backup/backup-manifest.ts';
import { runCommand, tryCommand } from '#command.ts';
import { gatherFacts } from '#facts.ts';
import type { Facts } from '#facts.ts';
import { ObstacleError } from '#place.ts';
import type { Place } from '#place.ts';
import { renderDatabaseSetup } from '#postgres-configuration.ts';
import { currentTree } from '#releases/release-facts.ts';
import { pruneReleases } from '#releases/release-store.ts';
import type { DataFolder, Runtime, Site, TakenDown } from '#runtime/runtime.ts';
import { controlPlaneStopSeconds } from '#services.ts';
import { parseState } from '#state.ts';
import { readTextIfThere } from '#text-file.ts';
import { removeTimer } from './backup-timer.ts';
import { composeCommand, findRunning, readServices, runCompose } from './compose.ts';
import type { Compose } from './compose.ts';
import { instancePasswords, PROJECT } from './container-appliance.ts';
import { completeSecrets, gatherContainerFacts, readContainersState } from './container-facts.ts';
import type { ContainersState } from './container-facts.ts';
import { readComposeText, renderedProfiles, requireOwnEngine } from './container-place.ts';
import { provisionContainers } from './container-run.ts';
import { recordTestCall } from './container-steps.ts';
import { IDENTITIES } from './identities.ts';
import { listMissingImages } from './image-build.ts';
import { makeImages, pruneImages, removeImages } from './image-set.ts';

const ASK_TIMEOUT_MS = 30_000;
/** Beside what is waited for itself. */
const COMPOSE_TIMEOUT_MS = 120_000;
const CHANNELS = ['asterisk', '-C', '/instance/asterisk/etc/asterisk.conf', '-rx', 'core show channels count'];
const PROGRAMS = '/usr/lib/postgresql/18/bin';

export const containerRuntime: Runtime = {
  open: openSite,
  provision: async (place, signal) => await provisionContainers(place, signal),
  prepareRelease: async (place, signal) => {
    const state = parseState(await readTextIfThere(join(place.home, 'state.json')));
    await makeImages({ ...place, log: (message) => console.log(`    ${message}`), signal }, readContainersState(state));
  },
  pruneReleases: async (home, keep) => {
    await pruneReleases(home, keep);
    await pruneImages(keep);
  },
  takeDown: async ({ facts }, options) => await takeDown(await lookAt(facts, options.signal), options),
};

/** What an installation in containers is to a verb that changes nothing of how it is made. */
type Installed = {
  readonly facts: Facts;
  readonly containers: ContainersState;
  readonly composeText: string;
  readonly compose: Compose;
};

async function lookAt(facts: Facts, signal: AbortSignal): Promise<Installed> {
  const { home } = facts;
  const engine = await requireOwnEngine(home, signal);
  const composeText = await readComposeText(home);
  const compose = { home, repository: currentTree(facts), engine, profiles: renderedProfiles(composeText) };
  return { facts, containers: readContainersState(facts.state), composeText, compose };
}

async function openSite(place: Place, signal: AbortSignal): Promise<Site> {
  const now = await lookAt(await gatherFacts({ ...place, signal }), signal);
  const services = await readServices(signal);
  const hasDatabase = (await findVolume('postgres-data', signal)) !== null;
  const isRendered = now.composeText !== '';
  const compose = async (words: readonly string[], timeoutMs = COMPOSE_TIMEOUT_MS): Promise<string> =>
    await runCompose(now.compose, words, { timeoutMs });
  return {
    facts: now.facts,
    hasDatabase,
    isMade: hasDatabase && isRendered && (await hasEverything(now, signal)),
    isDatabaseUp: services.find(({ name }) => name === 'postgres')?.isUp === true,
    database: () => databaseIn(now),
    describePostgres: async () =>
      (await runCommand(psqlOf(databaseIn(now), 'postgres'), { input: 'show server_version;', timeoutMs: ASK_TIMEOUT_MS, signal })).trim(),
    databaseFolder: async () => await requireVolume('postgres-data', signal),
    findFolder: async (name) => await describeFolder(name, signal),
    journalFolder: async () => join(await requireVolume('state', signal), 'journal'),
    settingsOwner: async () => ({ uid: 0, gid: 0 }),
    askChannels,
    stopControlPlane: async (limitMs) => {
      if (isRendered) await compose(stopWords(limitMs), limitMs + COMPOSE_TIMEOUT_MS);
    },
    startControlPlane: async () => void (await compose(['start', 'control-plane'])),
    startDatabase: async () => void (await compose(['up', '--detach', '--wait', '--no-deps', '--no-build', '--pull', 'never', 'postgres'])),
    placeTestCall: async (talk) => void (await recordTestCall({ now: await gatherContainerFacts({ ...place, signal }), ...talk })),
  };
}

/** Asterisk's own answer, at this moment; null where the engine says that none runs. Throws when it does not say. */
export async function askChannels(): Promise<string | null> {
  const container = await findRunning('asterisk');
  return container === null ? null : (await tryCommand(['docker', 'exec', container, ...CHANNELS], { timeoutMs: ASK_TIMEOUT_MS })).stdout;
}

/** Words of compose that give live calls so long and kill what is left. */
export function stopWords(limitMs: number): readonly string[] {
  return ['stop', '--timeout', String(Math.max(1, Math.ceil(limitMs / 1_000))), 'control-plane'];
}

/** Whether secrets, compose and images are there, of whichever release, so that a database server can be started. */
async function hasEverything({ facts, containers: { images }, compose }: Installed, signal: AbortSignal): Promise<boolean> {
  const ids = Object.fromEntries(Object.entries(images).map(([name, { id }]) => [name, id]));
  return completeSecrets(facts) !== null && compose.engine.compose !== null && (await listMissingImages(ids, signal)).length === 0;
}

/** The superuser comes in by the socket, which lies in the server's own container. */
function databaseIn({ facts, compose }: Installed): DatabaseAccess {
  const exec = ['exec', '-T', 'postgres'];
  const secrets = completeSecrets(facts);
  if (!secrets) throw new ObstacleError(`${facts.home}/secrets.json has not all secrets: ./provision.sh makes those that are missing`);
  return {
    program: (name, words) => composeCommand(compose, [...exec, `${PROGRAMS}/${name}`, '-h', '/instance/postgres/run', ...words]),
    setupSql: renderDatabaseSetup({ passwords: instancePasswords(secrets) }),
  };
}

const OWNERS: Readonly<Record<BackupFolder, string>> = {
  recordings: `${IDENTITIES.asterisk}:${IDENTITIES.centralita}`,
  exports: `${IDENTITIES.centralita}:${IDENTITIES.centralita}`,
};

async function describeFolder(name: BackupFolder, signal: AbortSignal): Promise<DataFolder> {
  return { path: await requireVolume(name, signal), owner: OWNERS[name] };
}

/** Where the engine keeps a volume on this machine; null when there is none. Throws when it does not say: a database that is there must not pass for none. */
export async function findVolume(name: string, signal: AbortSignal): Promise<string | null> {
  const argv = ['docker', 'volume', 'inspect', '--format', '{{.Mountpoint}}', `${PROJECT}_${name}`];
  const { exitCode, stdout, stderr } = await tryCommand(argv, { timeoutMs: ASK_TIMEOUT_MS, signal });
  if (exitCode === 0) return stdout.trim();
  if (/no such volume/i.test(stderr)) return null;
  throw new Error(`the engine does not say whether it has the volume ${PROJECT}_${name}: ${stderr.trim() || `exit code ${exitCode}`}`);
}

async function requireVolume(name: string, signal: AbortSignal): Promise<string> {
  const path = await findVolume(name, signal);
  if (path === null) throw new ObstacleError(`the engine has no volume ${PROJECT}_${name}: run ./provision.sh, which makes it`);
  return path;
}

/** Containers and networks; with a purge the volumes, the images and what the engine made of them. Volumes that a home never brought up are not its own. */
export async function takeDown(
  now: Pick<Installed, 'facts' | 'composeText' | 'containers' | 'compose'>,
  { isPurging, signal }: { readonly isPurging: boolean; readonly signal: AbortSignal },
): Promise<TakenDown> {
  const isBroughtUp = now.composeText !== '' || now.containers.up !== undefined;
  const removed: string[] = [...(await removeTimer(now.compose.home))];
  if (now.composeText !== '' && now.compose.engine.compose !== null) {
    const volumes = isPurging ? ['--volumes'] : [];
    await runCompose(now.compose, ['--profile', 'test-call', 'down', '--remove-orphans', ...volumes], {
      signal,
      timeoutMs: downTimeoutMs(now.facts.settings.DRAIN_SECONDS),
    });
    removed.push('containers and networks');
  }
  const volumes = await listVolumes(signal);
  if (!isPurging)
    return { removed, kept: volumes.length === 0 ? [] : [`volumes ${volumes.join(', ')}`, 'images centralita/…: the next run takes them'] };
  const own = isBroughtUp ? volumes : [];
  for (const name of own) await runCommand(['docker', 'volume', 'rm', name], { timeoutMs: ASK_TIMEOUT_MS, signal });
  const images = await removeImages(signal);
  return {
    removed: [...removed, ...(own.length > 0 ? ['volumes'] : []), ...(images > 0 ? [`${images} names of images`] : [])],
    kept: own.length === volumes.length ? [] : [`volumes ${volumes.join(', ')}, which this installation did not make`],
  };
}

/** The compose file gives live calls DRAIN_SECONDS; the others end while they do. */
export const downTimeoutMs = (drainSeconds: number): number => (controlPlaneStopSeconds(drainSeconds) + 105) * 1_000;

/** The volumes of this project that are there, whoever renders the compose file now. */
async function listVolumes(signal: AbortSignal): Promise<readonly string[]> {
  const argv = ['docker', 'volume', 'ls', '--quiet', '--filter', `label=com.docker.compose.project=${PROJECT}`];
  return (await runCommand(argv, { timeoutMs: ASK_TIMEOUT_MS, signal })).split('\n').filter((name) => name !== '');
}
