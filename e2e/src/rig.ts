/**
 * The product on real Asterisk, PostgreSQL, inference server and control plane, each its own process started from the
 * project's own files, on ports of its own. Tests and benchmarks place calls against it.
 */
import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { asteriskCommand, asteriskControlCommand, prepareAsterisk } from '@centralita/provision/asterisk-process.ts';
import { runCommand } from '@centralita/provision/command.ts';
import { espeakCommand } from '@centralita/provision/espeak.ts';
import { ARI_USER, ariUrl, databaseUrl, describeInstance, instancePaths } from '@centralita/provision/instance.ts';
import type { Instance, InstanceInput } from '@centralita/provision/instance.ts';
import { initPostgres, postgresCommand } from '@centralita/provision/postgres-process.ts';
import { ensureRoot } from '@centralita/provision/private-root.ts';
import { RIG_PASSWORDS, rigInstance, rigPorts } from './rig-ports.ts';
import type { RigPorts } from './rig-ports.ts';
import { startProcess, waitUntilReady } from './rig-process.ts';
import type { RigProcess } from './rig-process.ts';

const REPOSITORY = resolve(import.meta.dirname, '..', '..');
const NODE = process.execPath;
/** The rig's admin key; the control plane gets its hash, as on an appliance. */
export const RIG_ADMIN_KEY = 'rig-admin-key-0123456789abcdef0123456789abcdef';
/** The rig's secret keys, for tests that make what only the appliance can make. */
export const RIG_SECRET_KEYS = { 1: '1f'.repeat(32) };

/** What a rig may be given. */
export type RigOptions = {
  /** Names the instance's folder. */
  readonly name: string;
  /** First of the ports, see `rigPorts`. */
  readonly basePort: number;
  /** Where to reach the model roles, when it is not the rig's own cpu-server; benchmarks use stand-ins with fixed delays. */
  readonly models?: {
    readonly speechToText: string;
    readonly textToSpeech: string;
    readonly languageModel?: string;
    readonly metricsUrl?: string;
  };
  readonly maxConcurrentCalls?: number;
  /** Flags of the control plane's Node, such as `--cpu-prof`. */
  readonly nodeFlags?: readonly string[];
  /** Settings of the control plane besides the rig's own, such as `TRUSTED_PROXIES`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Settings of the rig's own inference server, such as `SPEECH_TO_TEXT_PHRASES_FILE`. */
  readonly inferenceSettings?: Readonly<Record<string, string>>;
  readonly instance?: Omit<Partial<InstanceInput>, 'ports' | 'name' | 'dir'>;
};

/** How a control plane is started: its name, settings besides the rig's, and what is waited for. */
type ControlPlaneStart = {
  readonly name?: string;
  readonly differing?: Readonly<Record<string, string>>;
  readonly until?: 'ready' | 'started' | undefined;
  /** When Asterisk was lost last. */
  readonly since: Date;
};

/** What the API answered. */
export type AdminAnswer = { readonly status: number; readonly body: Readonly<Record<string, unknown>> };

/** Everything that a test needs. Disposing it stops all processes. */
export type Rig = AsyncDisposable & {
  readonly instance: Instance;
  readonly ports: RigPorts;
  readonly espeak: { readonly argv: readonly string[]; readonly env: Readonly<Record<string, string>> };
  readonly recordingsDir: string;
  /** Runs a console command on Asterisk and returns what it prints. */
  asterisk(command: string): Promise<string>;
  controlPlane: RigProcess;
  inference: RigProcess | null;
  /** Settles when the control plane may take calls, as it says itself. */
  untilReady(): Promise<void>;
  /** Settles when it may take calls; `started`: when it has what it needs, also while calls are stopped. `differing`: environment besides the rig's. */
  startControlPlane(until?: 'ready' | 'started', differing?: Readonly<Record<string, string>>): Promise<void>;
  /** Starts a second one on the same database, with an application of its own at Asterisk, which sends it no calls. Returns its address. */
  startSecondControlPlane(): Promise<string>;
  stopSecondControlPlane(): Promise<void>;
  startInference(): Promise<void>;
  /** Kills PostgreSQL as a whole; `startPostgres` starts it on what it had written. */
  killPostgres(): Promise<void>;
  startPostgres(): Promise<void>;
  /** Kills Asterisk with every call in it, and starts it again on what it kept. */
  restartAsterisk(): Promise<void>;
  /** GET on the control plane's API as admin, with these headers more. */
  admin(path: string, headers?: Readonly<Record<string, string>>): Promise<unknown>;
  /** Any other request as admin; throws for no status. */
  adminSend(method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<AdminAnswer>;
};

/** Builds and starts a rig. Takes a minute the first time (private root), seconds afterwards. */
export async function openRig(options: RigOptions): Promise<Rig> {
  // Everything started, also later; on a failed start it is stopped at once.
  const running = new AsyncDisposableStack();
  await using failed = new AsyncDisposableStack();
  failed.use(running);
  const place = await layOutRig(options, running);
  const { instance, ports, espeak, start } = place;
  let postgres = await startPostgres(instance, ports, start);
  let asterisk = await startAsterisk(instance, start);
  /** What a control plane said of its phones before that is not true any more. */
  let asteriskLostAt = new Date(0);
  let inference = options.models === undefined ? await startInference(place) : null;
  let controlPlane = await startControlPlane(place, { since: asteriskLostAt });
  let secondControlPlane: RigProcess | null = null;
  failed.move();
  return {
    instance,
    ports,
    espeak,
    recordingsDir: instancePaths(instance).recordings,
    asterisk: (command) => runCommand(asteriskControlCommand(instance, command), { timeoutMs: 15_000 }),
    get controlPlane() {
      return controlPlane;
    },
    get inference() {
      return inference;
    },
    untilReady: () => untilReady(controlPlane, { httpPort: ports.http, since: asteriskLostAt }),
    async startControlPlane(until, differing = {}) {
      controlPlane = await startControlPlane(place, { until, differing, since: asteriskLostAt });
    },
    async startSecondControlPlane() {
      secondControlPlane = await startControlPlane(place, { ...secondStart(place), since: asteriskLostAt });
      return `http://127.0.0.1:${ports.secondHttp}`;
    },
    killPostgres: () => postgres.stop('SIGKILL', 1_000),
    async startPostgres() {
      postgres = await restartPostgres(instance, start);
    },
    async stopSecondControlPlane() {
      await secondControlPlane?.stop('SIGTERM', 10_000);
    },
    async restartAsterisk() {
      await asterisk.stop('SIGKILL', 1_000);
      asteriskLostAt = new Date();
      asterisk = await startAsterisk(instance, start);
    },
    async startInference() {
      inference = await startInference(place);
    },
    ...adminOf(ports),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Where a rig's processes run, and what they are given. */
type RigPlace = Pick<Rig, 'instance' | 'ports' | 'espeak'> & {
  readonly options: RigOptions;
  readonly secrets: RigSecrets;
  readonly start: Start;
};

/** Root, folders, ports and secrets, nothing running yet; what is started goes into `running`. */
async function layOutRig(options: RigOptions, running: AsyncDisposableStack): Promise<RigPlace> {
  const { name } = options;
  const home = process.env['CENTRALITA_RIG'] ?? join(REPOSITORY, '.rig');
  const root = await ensureRoot({ home, log: (message) => console.error(message) });
  const dir = join(home, 'instances', name);
  await rm(dir, { recursive: true, force: true });
  const logs = join(dir, 'logs');
  await mkdir(logs, { recursive: true });
  const ports = rigPorts(options.basePort);
  const limits = { maxConcurrentCalls: maxCallsOf(options) };
  const instance = describeInstance(root, rigInstance({ name, dir, ports, limits, ...options.instance }));
  const start: Start = (called, argv, env = {}) =>
    running.use(startProcess({ name: called, argv, env, logFile: join(logs, `${called}.log`) }));
  return { options, instance, ports, espeak: espeakCommand(root), secrets: await writeSecrets(dir), start };
}

function maxCallsOf({ maxConcurrentCalls = 50 }: RigOptions): number {
  return maxConcurrentCalls;
}

async function startInference({ ports, espeak, options, start }: RigPlace): Promise<RigProcess> {
  const env = { CPU_SERVER_PORT: String(ports.inference), CPU_SERVER_METRICS_PORT: String(ports.inferenceMetrics), LOG_LEVEL: 'info' };
  const argv = [NODE, join(REPOSITORY, 'inference/cpu-server/src/main.ts')];
  const process = start('cpu-server', argv, { ...env, ...speechEnvironment(espeak), ...options.inferenceSettings });
  await waitUntilReady(process, () => answers(`http://127.0.0.1:${ports.inferenceMetrics}/metrics`), 20_000);
  return process;
}

async function startControlPlane(place: RigPlace, wanted: ControlPlaneStart): Promise<RigProcess> {
  const { name = 'control-plane', differing = {}, until = 'ready', since } = wanted;
  const { options, start } = place;
  const argv = [NODE, ...(options.nodeFlags ?? []), join(REPOSITORY, 'apps/control-plane/src/boot.ts')];
  const env = { ...controlPlaneEnvironment(place), ...options.settings, ...differing };
  const process = start(name, argv, env);
  const httpPort = Number(env['HTTP_PORT']);
  if (until === 'started') await waitUntilReady(process, () => answers(`http://127.0.0.1:${httpPort}/health/startup`), 30_000);
  else await untilReady(process, { httpPort, since });
  return process;
}

/** What the second control plane has of its own. */
function secondStart({ instance, ports }: RigPlace): Required<Pick<ControlPlaneStart, 'name' | 'differing'>> {
  const own = { HTTP_PORT: String(ports.secondHttp), STATE_DIR: join(instance.dir, 'second-state') };
  return { name: 'second-control-plane', differing: { ASTERISK_APPLICATION: `${instance.application}-second`, ...own } };
}

function adminOf({ http }: RigPorts): Pick<Rig, 'admin' | 'adminSend'> {
  return {
    async admin(path, headers = {}) {
      const response = await fetch(`http://127.0.0.1:${http}${path}`, { headers: { ...headers, 'X-Admin-Key': RIG_ADMIN_KEY } });
      if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
      return await response.json();
    },
    async adminSend(method, path, body) {
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      const headers = { 'X-Admin-Key': RIG_ADMIN_KEY, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
      const response = await fetch(`http://127.0.0.1:${http}${path}`, { method, headers, ...sent });
      const text = await response.text();
      return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as AdminAnswer['body']) };
    },
  };
}

/** What any program of ours needs to speak with the rig's espeak-ng. */
export function speechEnvironment({ argv, env }: Rig['espeak']): Readonly<Record<string, string>> {
  return { ...env, ESPEAK_COMMAND: JSON.stringify(argv) };
}

type RigSecrets = { readonly adminKeyHashFile: string; readonly secretKeysFile: string };

/** The files that the provisioner writes on an appliance. */
async function writeSecrets(dir: string): Promise<RigSecrets> {
  const secrets = { adminKeyHashFile: join(dir, 'admin-key.sha256'), secretKeysFile: join(dir, 'secret-keys.json') };
  await writeFile(secrets.adminKeyHashFile, createHash('sha256').update(RIG_ADMIN_KEY).digest('hex'));
  await writeFile(secrets.secretKeysFile, JSON.stringify(RIG_SECRET_KEYS));
  return secrets;
}

/** Ready for calls, and every phone and trunk is in Asterisk: a control plane says the first before the second. */
function untilReady(controlPlane: RigProcess, { httpPort, since }: { httpPort: number; since: Date }): Promise<void> {
  const url = `http://127.0.0.1:${httpPort}`;
  const isReady = async (): Promise<boolean> => (await answers(`${url}/health/ready`)) && (await hasEveryPhone(url, since));
  return waitUntilReady(controlPlane, isReady, 30_000);
}

/** By a comparison after `since`: one before Asterisk was lost, which the control plane learns a moment later, says nothing about the new one. */
async function hasEveryPhone(url: string, since: Date): Promise<boolean> {
  const response = await fetch(`${url}/admin/telephony`, { headers: { 'X-Admin-Key': RIG_ADMIN_KEY } });
  const { reconciliation, outOfStep } = (await response.json()) as {
    reconciliation: { at: string; error: string | null } | null;
    outOfStep: unknown[];
  };
  return reconciliation?.error === null && new Date(reconciliation.at) > since && outOfStep.length === 0;
}

function ownModels(ports: RigPorts): NonNullable<RigOptions['models']> {
  const url = `127.0.0.1:${ports.inference}`;
  return { speechToText: url, textToSpeech: url };
}

type Start = (name: string, argv: readonly string[], env?: Record<string, string>) => RigProcess;

async function startPostgres(instance: Instance, ports: RigPorts, start: Start): Promise<RigProcess> {
  await initPostgres(instance);
  const process = start('postgres', postgresCommand(instance));
  const migrate = (): Promise<boolean> => prepareDatabase(instance, ports).then(() => true);
  await waitUntilReady(process, migrate, 30_000);
  return process;
}

/** On what a killed server left: its processes are gone a moment later than it is, and its lock names a process that may be another's by now. */
async function restartPostgres(instance: Instance, start: Start): Promise<RigProcess> {
  const paths = instancePaths(instance);
  await rm(join(paths.postgresData, 'postmaster.pid'), { force: true });
  for (const folder of [paths.postgresRun, paths.databaseSocket])
    await rm(join(folder, `.s.PGSQL.${instance.ports.postgres}.lock`), { force: true });
  for (let tries = 0; ; tries += 1) {
    const process = start('postgres', postgresCommand(instance));
    try {
      await waitUntilReady(process, () => isListening(instance.ports.postgres), 10_000);
      return process;
    } catch (error) {
      if (tries === 5) throw error;
    }
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => (socket.destroy(), resolve(true))).once('error', () => resolve(false));
  });
}

async function prepareDatabase(instance: Instance, ports: RigPorts): Promise<void> {
  const { migrateDatabase } = await import('@centralita/control-plane/db/migrate.ts');
  await migrateDatabase({ kind: 'server', url: databaseUrl(instance, 'migrator') });
  const { seedRig } = await import('./rig-seed.ts');
  await seedRig(databaseUrl(instance, 'app'), ports);
}

async function startAsterisk(instance: Instance, start: Start): Promise<RigProcess> {
  await prepareAsterisk(instance);
  const process = start('asterisk', asteriskCommand(instance));
  // The port answers before the modules are loaded; ping is there when ARI is.
  const ping = `${ariUrl(instance)}/ari/asterisk/ping?api_key=${ARI_USER}:${RIG_PASSWORDS.ari}`;
  await waitUntilReady(process, () => answers(ping), 60_000);
  return process;
}

function controlPlaneEnvironment({ instance, ports, secrets, options }: RigPlace): Record<string, string> {
  const models = options.models ?? ownModels(ports);
  return {
    DATABASE_URL: databaseUrl(instance, 'app'),
    ASTERISK_URL: ariUrl(instance),
    ASTERISK_USERNAME: ARI_USER,
    ASTERISK_PASSWORD: RIG_PASSWORDS.ari,
    ASTERISK_APPLICATION: instance.application,
    RECORDINGS_DIR: instancePaths(instance).recordings,
    ANNOUNCEMENTS_DIR: instancePaths(instance).sounds,
    SPEECH_TO_TEXT_URL: models.speechToText,
    TEXT_TO_SPEECH_URL: models.textToSpeech,
    ...(models.languageModel === undefined ? {} : { LANGUAGE_MODEL_URL: models.languageModel }),
    HTTP_PORT: String(ports.http),
    ADMIN_KEY_HASH_FILE: secrets.adminKeyHashFile,
    SECRET_KEYS_FILE: secrets.secretKeysFile,
    EXPORTS_DIR: join(instance.dir, 'exports'),
    STATE_DIR: join(instance.dir, 'state'),
    ASTERISK_PID_FILE: instancePaths(instance).asteriskPid,
    INFERENCE_METRICS_URL: models.metricsUrl ?? `http://127.0.0.1:${ports.inferenceMetrics}/metrics`,
    MAX_CONCURRENT_CALLS: String(maxCallsOf(options)),
    LOG_LEVEL: 'info',
  };
}

async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
  await response.arrayBuffer();
  return response.ok;
}
