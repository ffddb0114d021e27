/**
 * The whole container runtime on a machine with nothing but an engine, a Debian mirror and npm: images from debootstrap on, the stack up, real calls in
 * it and from outside, a second run, a backup that opens, what the containers may do, and everything away again.
 */
import { access, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { openEncrypted } from '@centralita/provision/backup/backup-cipher.ts';
import { runCommand } from '@centralita/provision/command.ts';
import { openSipCaller } from '@centralita/sip-caller/sip-caller.ts';
import { z } from 'zod';
import type { ContainerEngine } from './container-engine.ts';
import { runChangeTrial } from './containers-change-trial.ts';
import type { ChangesSeen } from './containers-change-trial.ts';
import { endProvisioner, outputOf, timed } from './provisioner-run.ts';
import type { ProvisionerEnd } from './provisioner-run.ts';

/** Ports of this trial alone. */
const PORTS = { sip: 31_660, rtpFirst: 31_610, rtpLast: 31_649, http: 31_680, prometheus: 31_690 };
const CALL_MS = 60_000;
const FINISHED_MS = 900;
/** Services of the profile `cpu` that go on running. */
export const TRIAL_SERVICES = [
  'asterisk',
  'backup',
  'control-plane',
  'cpu-server',
  'node-exporter',
  'postgres',
  'postgres-exporter',
  'prometheus',
];

/** What one container is, as the engine tells it. */
export type ContainerSeen = {
  readonly service: string;
  readonly user: string;
  readonly isReadOnly: boolean;
  readonly capabilities: string;
  /** Variables that hold one of the installation's secrets. */
  readonly leaks: readonly string[];
};

export type Trial = {
  readonly firstRunS: number;
  readonly secondRunS: number;
  readonly secondRunOutput: string;
  /** What the caller beside Asterisk heard, by the installation's own account. */
  readonly heard: readonly string[];
  /** Sound that a telephone outside of the containers heard, over their network. */
  readonly outsideAudioMs: number;
  readonly containers: readonly ContainerSeen[];
  /** First bytes of the container's own backup, opened with the installation's key: `PGDMP` for a dump. */
  readonly backupHead: string;
  /** Targets that Prometheus cannot reach. */
  readonly deadTargets: readonly string[];
  /** Backups, a restore and changes of release; null where they were not asked for. */
  readonly changes: ChangesSeen | null;
  readonly leftContainers: number;
  /** Volumes, images and files that a purge left. */
  readonly leftOthers: readonly string[];
};

export type TrialTools = {
  readonly engine: ContainerEngine;
  readonly log: (message: string) => void;
  readonly signal: AbortSignal;
  /** Backups, a restore and changes of release as well: some minutes more. */
  readonly hasChanges?: boolean;
};

const BACKUP_LABEL = 'label=com.docker.compose.service=backup';
const repository = resolve(import.meta.dirname, '..', '..');

/** Does all of it, once. Throws where a step of the installation fails. */
export async function runContainersTrial({ engine, log, signal, hasChanges = false }: TrialTools): Promise<Trial> {
  const home = join(engine.folder, 'home');
  await mkdir(home, { recursive: true });
  await writeFile(join(home, '.env'), renderSettings(), { mode: 0o600 });
  const env = { DOCKER_HOST: engine.host, CENTRALITA_HOME: home };
  const end = async (tree: string, words: readonly string[]): Promise<ProvisionerEnd> =>
    await endProvisioner(tree, words, { env, log, signal });
  const run = async (words: readonly string[]): Promise<string> => outputOf(words, await end(repository, words));
  const docker = async (words: readonly string[]): Promise<string> => await runCommand(['docker', ...words], { env, signal });
  try {
    const firstRunS = await timed(() => run(['--runtime', 'docker']));
    let secondRunOutput = '';
    const secondRunS = await timed(async () => (secondRunOutput = await run([])));
    const secrets = secretsSchema.parse(JSON.parse(await readFile(join(home, 'secrets.json'), 'utf8')));
    const state = stateSchema.parse(JSON.parse(await readFile(join(home, 'state.json'), 'utf8')));
    log('a telephone outside of the containers');
    const outsideAudioMs = await callFromOutside(docker, { password: secrets.phone, signal });
    log('what the containers are, a backup, Prometheus');
    const containers = await lookAtContainers(docker, Object.values(secrets));
    await docker(['exec', (await docker(['ps', '--quiet', '--filter', BACKUP_LABEL])).trim(), 'backup-loop', 'now']);
    const backupHead = await openNewestBackup(docker, { folder: engine.folder, key: secrets.backupKey });
    const deadTargets = await listDeadTargets();
    if (hasChanges) log('backups, a restore, other releases');
    const changes = hasChanges ? await runChangeTrial({ home, folder: engine.folder, repository, end, docker, signal }) : null;
    await run(['--uninstall', '--purge', 'centralita']);
    const left = (await docker(['ps', '--all', '--quiet'])).trim();
    return {
      firstRunS,
      secondRunS,
      secondRunOutput,
      heard: state.testCall.heard,
      outsideAudioMs,
      containers,
      backupHead,
      deadTargets,
      changes,
      leftContainers: left === '' ? 0 : left.split('\n').length,
      leftOthers: await listLeft(docker, home),
    };
  } finally {
    // Whatever broke: an engine that is stopped with containers or networks leaves their processes, and bridges that take the way of the next one's.
    const ids = (await docker(['ps', '--all', '--quiet']).catch(() => '')).trim();
    if (ids !== '') await docker(['rm', '--force', ...ids.split('\n')]).catch(() => '');
    await docker(['network', 'prune', '--force']).catch(() => '');
    await rm(home, { recursive: true, force: true });
  }
}

const secretsSchema = z.object({
  ari: z.string(),
  databaseMigrator: z.string(),
  databaseApp: z.string(),
  databaseMonitor: z.string(),
  asteriskMetrics: z.string(),
  grafana: z.string(),
  testCaller: z.string(),
  phone: z.string(),
  adminKeyHash: z.string(),
  backupKey: z.string(),
});
const stateSchema = z.object({ testCall: z.object({ heard: z.array(z.string()) }) });

function renderSettings(): string {
  const { sip, rtpFirst, rtpLast, http, prometheus } = PORTS;
  const ports = `SIP_PORT=${sip}\nRTP_FIRST_PORT=${rtpFirst}\nRTP_LAST_PORT=${rtpLast}\nHTTP_PORT=${http}\nPROMETHEUS_PORT=${prometheus}\n`;
  return `BIND_ADDRESS=127.0.0.1\nEXTERNAL_ADDRESS=127.0.0.1\nMAX_CONCURRENT_CALLS=8\nCONTAINER_INFERENCE=cpu\n${ports}`;
}

/** What a purge should have taken: volumes and images of ours, and the home. */
async function listLeft(docker: Docker, home: string): Promise<readonly string[]> {
  const volumes = await docker(['volume', 'ls', '--quiet', '--filter', 'name=centralita_']);
  const images = await docker(['images', '--quiet', '--filter', 'reference=centralita/*']);
  const files = await access(home).then(
    async () => [home, ...(await readdir(home))],
    () => [],
  );
  return [...`${volumes}\n${images}`.split('\n').filter((line) => line !== ''), ...files];
}

/**
 * Calls the Spanish agent as the demo's phone, from the machine over the containers' network, and says how long it spoke. A published port would show the
 * machine's own callers to Asterisk with the network's first address, which it takes for a neighbour and tells no outside address.
 */
async function callFromOutside(
  docker: Docker,
  { password, signal }: { readonly password: string; readonly signal: AbortSignal },
): Promise<number> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)]);
  const container = (await docker(['ps', '--quiet', '--filter', 'label=com.docker.compose.service=asterisk'])).trim();
  const format =
    '{{(index .NetworkSettings.Networks "centralita_edge").IPAddress}} {{(index .NetworkSettings.Networks "centralita_edge").Gateway}}';
  const [host = '', localHost = ''] = (await docker(['inspect', '--format', format, container])).trim().split(' ');
  await using telephone = await openSipCaller({ server: { host, port: PORTS.sip }, localHost, username: '2001-clinica-demo', password });
  await using call = await telephone.call('1001', { signal: limit });
  const outcome = await call.outcome;
  if (outcome.kind !== 'answered') throw new Error(`the call from outside was not answered: ${JSON.stringify(outcome)}`);
  const startedAt = await call.waitForAudio({ sinceAt: 0, signal: limit });
  const endedAt = await call.waitForSilence(FINISHED_MS, { sinceAt: startedAt, signal: limit });
  await call.hangUp();
  return Math.round(endedAt - startedAt);
}

type Docker = (words: readonly string[]) => Promise<string>;

/** What is asked of each container: the whole account of one with many ports is longer than what is kept of an output. */
const INSPECT_FORMAT =
  '{"id":{{json .Id}},"service":{{json (index .Config.Labels "com.docker.compose.service")}},"user":{{json .Config.User}},' +
  '"env":{{json .Config.Env}},"isReadOnly":{{json .HostConfig.ReadonlyRootfs}}}';
const inspectSchema = z.object({
  id: z.string(),
  service: z.string(),
  user: z.string(),
  env: z.array(z.string()),
  isReadOnly: z.boolean(),
});

async function lookAtContainers(docker: Docker, secrets: readonly string[]): Promise<readonly ContainerSeen[]> {
  const ids = (await docker(['ps', '--quiet'])).trim().split('\n');
  const lines = (await docker(['inspect', '--format', INSPECT_FORMAT, ...ids])).trim().split('\n');
  const seen: ContainerSeen[] = [];
  for (const { id, service, user, env, isReadOnly } of lines.map((line) => inspectSchema.parse(JSON.parse(line)))) {
    const status = await docker(['exec', id, 'grep', 'CapEff', '/proc/1/status']);
    const leaks = env.filter((line) => secrets.some((secret) => line.includes(secret))).map((line) => line.split('=')[0] ?? '');
    seen.push({ service, user, isReadOnly, capabilities: status.replace(/^CapEff:\s*/, '').trim(), leaks });
  }
  return seen.toSorted((a, b) => a.service.localeCompare(b.service));
}

async function openNewestBackup(docker: Docker, { folder, key }: { readonly folder: string; readonly key: string }): Promise<string> {
  const container = (await docker(['ps', '--quiet', '--filter', BACKUP_LABEL])).trim();
  const newest = (await docker(['exec', container, '/bin/sh', '-c', 'ls -1 /var/lib/centralita/backups/*.age | sort | tail -n 1'])).trim();
  const copy = join(folder, 'newest.age');
  await docker(['cp', `${container}:${newest}`, copy]);
  for await (const piece of await openEncrypted(copy, key))
    return Buffer.from(piece as Uint8Array)
      .subarray(0, 5)
      .toString('latin1');
  return '';
}

const targetsSchema = z.object({
  data: z.object({ activeTargets: z.array(z.object({ labels: z.record(z.string(), z.string()), health: z.string() })) }),
});

/** Asked every second until each has been scraped once. */
async function listDeadTargets(): Promise<readonly string[]> {
  for (let tries = 0; ; tries++) {
    const response = await fetch(`http://127.0.0.1:${PORTS.prometheus}/api/v1/targets`);
    const targets = targetsSchema.parse(await response.json()).data.activeTargets;
    const dead = targets.filter(({ health }) => health !== 'up').map(({ labels }) => labels['job'] ?? '');
    if (dead.length === 0 || tries === 40) return dead;
    await new Promise((done) => setTimeout(done, 1_000));
  }
}
