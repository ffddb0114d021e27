/** Everything the plan is made from, read at one moment. Reading changes nothing. */
import { isUtf8 } from 'node:buffer';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestPaths } from '#releases/release-files.ts';
import { findReleaseFacts } from '#releases/release-facts.ts';
import type { ReleaseFacts } from '#releases/release-facts.ts';
import { detectHardware } from '#machine/detect-hardware.ts';
import type { Hardware } from '#machine/hardware.ts';
import { planMachine } from '#sizing/machine-plan.ts';
import type { MachinePlan } from '#sizing/machine-plan.ts';
import { readModelFolders } from '#models/model-folders.ts';
import type { ModelFolders } from '#models/model-folders.ts';
import type { RenderedFile } from './asterisk-configuration.ts';
import { findCommand } from './command-link.ts';
import type { CommandFacts } from './command-link.ts';
import { parseEnvFile } from './env-file.ts';
import { instancePaths } from './instance.ts';
import { describeMachine, isPortFree } from './machine-facts.ts';
import type { MachineFacts } from './machine-facts.ts';
import { isThere } from './path-presence.ts';
import { ObstacleError } from './place.ts';
import { hasPostgresCluster } from './postgres-process.ts';
import { findRoot } from './private-root.ts';
import type { PrivateRoot } from './private-root.ts';
import { promptsDigest } from './prompts.ts';
import { readFiles } from './rendered-files.ts';
import { parseSecrets, secretFilesFolder } from './secrets.ts';
import type { Secrets } from './secrets.ts';
import type { ServiceName } from './services.ts';
import { listPorts, readSettings } from './settings.ts';
import type { Profile, Settings } from './settings.ts';
import { parseState } from './state.ts';
import type { State } from './state.ts';
import { readServiceStates, supervisorConfigPath } from './supervisor.ts';
import type { ServiceState } from './supervisor.ts';
import { findSystemUser } from './system-user.ts';
import type { SystemUser } from './system-user.ts';
import { readTextIfThere } from './text-file.ts';

/** System user of the control plane and the inference server. */
export const SERVICE_USER = 'centralita';

export type Facts = {
  readonly home: string;
  /** The code that is at work: a checkout, or a release of this home. */
  readonly repository: string;
  readonly release: ReleaseFacts;
  /** What was detected, once a run. */
  readonly hardware: Hardware;
  readonly machine: MachineFacts;
  /** How many calls it carries, with which of the models that are on it. */
  readonly sizing: MachinePlan;
  readonly settings: Settings;
  /** Asked for in this run: it is in `settings`, and goes into `.env`. */
  readonly profile?: Profile | null;
  /** Settings whose port another program holds. Empty while our own services run. */
  readonly takenPorts: readonly string[];
  /** Settings whose file is not there, such as `SUPABASE_TOKEN_FILE=/nowhere/token`. */
  readonly missingFiles: readonly string[];
  readonly user: SystemUser | null;
  readonly root: PrivateRoot | null;
  readonly secrets: Secrets | null;
  /** What the control plane may read of them. */
  readonly secretFiles: readonly RenderedFile[];
  readonly hasExportsFolder: boolean;
  readonly hasStateFolder: boolean;
  readonly environmentText: string;
  /** Of the file that tells the inference server its engines; empty where `.env` names none. */
  readonly enginesText: string;
  /** Of what `.env` and the file of engines name: whether it is whole. */
  readonly modelFolders: ModelFolders;
  readonly state: State;
  readonly asteriskFiles: readonly RenderedFile[];
  readonly postgresFiles: readonly RenderedFile[];
  readonly monitoringFiles: readonly RenderedFile[];
  readonly supervisorFiles: readonly RenderedFile[];
  readonly sounds: readonly string[];
  readonly hasCluster: boolean;
  /** What systemd has been told; empty when nothing. */
  readonly bootUnitText: string;
  readonly command: CommandFacts;
  readonly services: Readonly<Record<ServiceName, ServiceState>>;
  readonly digests: { readonly code: string; readonly migrations: string; readonly prompts: string; readonly demo: string };
};

/** Folder of the appliance's own instance. */
export function applianceFolder(home: string): string {
  return join(home, 'instances', 'appliance');
}

/** Where systemd looks for the unit that starts the appliance with the machine. */
export const BOOT_UNIT_PATH = '/etc/systemd/system/centralita.service';

/** Folder of the organizations' exports, written by the control plane. */
export function exportsFolder(home: string): string {
  return join(home, 'exports');
}

/** Folder of what the control plane must not lose while the database is away: events of calls that are not in it yet. */
export function stateFolder(home: string): string {
  return join(home, 'state');
}

/** Files of the supervisor's folder that the provisioner renders. */
export function isSupervisorFile(name: string): boolean {
  return name === 'supervisord.conf' || name.endsWith('.sh');
}

export type FactsPlace = {
  readonly home: string;
  readonly repository: string;
  /** Of an earlier look in the same run: detection takes a third of a second, five where a driver hangs. Left out, it is done. */
  readonly hardware?: Hardware;
  readonly signal?: AbortSignal;
  /** The operator's wish of this run, whatever `.env` says until it is written there. */
  readonly profile?: Profile | null;
};

/** The machine to plan for: a board that the operator wants left alone is not there. */
export function plannableHardware(hardware: Hardware, { PROFILE }: Pick<Settings, 'PROFILE'>): Hardware {
  return PROFILE === 'cpu' ? { ...hardware, gpu: { kind: 'absent', others: [] } } : hardware;
}

/** Reads everything. Throws when `.env` or the secrets' file is wrong, naming the file and what to do. */
export async function gatherFacts({ home, repository, ...known }: FactsPlace): Promise<Facts> {
  const dir = applianceFolder(home);
  const environmentPath = join(home, '.env');
  const environmentText = await readEnvironment(environmentPath);
  const written = readSettings(parseEnvFile(environmentText), environmentPath);
  const profile = known.profile ?? null;
  const settings = profile === null ? written : { ...written, PROFILE: profile };
  const enginesText = await readEngines(environmentText);
  const state = parseState(await readTextIfThere(join(home, 'state.json')));
  const former = Object.values(state.setAside ?? {}).map(({ folder }) => folder);
  const services = await readServiceStates(home);
  const isOurs = Object.values(services).some((state) => state !== 'ABSENT');
  const secretsPath = join(home, 'secrets.json');
  const paths = instancePaths({ dir });
  const signal = known.signal ?? new AbortController().signal;
  const hardware = known.hardware ?? (await detectHardware({ home, env: process.env, signal }));
  return {
    home,
    repository,
    release: await findReleaseFacts({ home, repository }),
    hardware,
    machine: await describeMachine(hardware),
    sizing: await planMachine({ home, repository, hardware: plannableHardware(hardware, settings), settings }),
    settings,
    profile,
    takenPorts: isOurs ? [] : await findTakenPorts(settings),
    missingFiles: await findMissingFiles(settings),
    user: await findSystemUser(SERVICE_USER),
    root: await findRoot(home),
    secrets: parseSecrets(await readTextIfThere(secretsPath), secretsPath),
    secretFiles: await readFiles(secretFilesFolder(home)),
    hasExportsFolder: await isThere(exportsFolder(home)),
    hasStateFolder: await isThere(stateFolder(home)),
    environmentText,
    enginesText,
    modelFolders: await readModelFolders({ home, repository, environmentText, enginesText, former }),
    state,
    asteriskFiles: await readFiles(paths.asteriskEtc),
    postgresFiles: await readFiles(paths.postgresEtc),
    monitoringFiles: await readFiles(paths.prometheusEtc),
    supervisorFiles: await readSupervisorFiles(home),
    sounds: await readdir(paths.sounds).catch(() => []),
    bootUnitText: (await readTextIfThere(BOOT_UNIT_PATH)) ?? '',
    command: await findCommand(home),
    hasCluster: await hasPostgresCluster({ dir }),
    services,
    digests: {
      code: await digestPaths(repository, ['apps/control-plane/src', 'inference', 'asterisk/ari-client', 'package-lock.json']),
      migrations: await digestPaths(repository, ['apps/control-plane/src/db/migrations']),
      prompts: promptsDigest(),
      demo: await digestPaths(repository, ['apps/control-plane/src/features/appliance']),
    },
  };
}

/** Text of `.env`. Throws `ObstacleError` when it cannot be read or is no text: whoever goes on without it would overwrite an operator's settings. */
export async function readEnvironment(path: string): Promise<string> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return Buffer.alloc(0);
    throw new ObstacleError(
      `${path} cannot be read (${error.code}): it must be a file that root can read; ${path}.bak is the one before the last change`,
      {
        cause: error,
      },
    );
  });
  if (!isUtf8(bytes) || bytes.includes(0))
    throw new ObstacleError(`${path} is no text: put ${path}.bak, the one before the last change, in its place, and run again`);
  return bytes.toString('utf8');
}

async function readEngines(environmentText: string): Promise<string> {
  const path = parseEnvFile(environmentText).get('CPU_SERVER_ENGINES_FILE') ?? '';
  return path === '' ? '' : ((await readTextIfThere(path)) ?? '{}');
}

async function findTakenPorts(settings: Settings): Promise<readonly string[]> {
  const taken: string[] = [];
  for (const { setting, port, kind } of listPorts(settings)) if (!(await isPortFree(port, kind))) taken.push(`${setting}=${port}`);
  return taken;
}

/** The control plane does not start without them. */
async function findMissingFiles(settings: Settings): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const setting of ['SUPABASE_TOKEN_FILE', 'VOICE_ACTIVITY_MODEL'] as const) {
    const path = settings[setting];
    if (path !== '' && !(await isThere(path))) missing.push(`${setting}=${path}`);
  }
  return missing;
}

async function readSupervisorFiles(home: string): Promise<readonly RenderedFile[]> {
  const folder = join(supervisorConfigPath(home), '..');
  const names = (await readdir(folder).catch(() => [])).filter(isSupervisorFile).sort();
  return await Promise.all(names.map(async (path) => ({ path, text: (await readTextIfThere(join(folder, path))) ?? '' })));
}
