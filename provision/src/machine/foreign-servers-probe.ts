/** Telephony and database servers that are not ours: they hold the ports that calls need, or are what somebody expects us to use. */
import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { listMachineFolder, readMachineFile } from './machine-source.ts';
import type { MachineSource } from './machine-source.ts';
import { askCommand } from './probe-command.ts';

type ServerSource = Pick<MachineSource, 'root' | 'env'>;

const DATABASE = 'postgresql';
/** Name of a process -> what it is. */
const SERVERS: Readonly<Record<string, string>> = {
  asterisk: 'asterisk',
  freeswitch: 'freeswitch',
  kamailio: 'kamailio',
  postgres: DATABASE,
};

/** Such as `asterisk 20.6.0 (running)`; those that run out of `home` are ours and not named. */
export async function probeForeignServers(source: ServerSource, home: string, deadline: AbortSignal): Promise<readonly string[]> {
  const running = await findRunning(source, home);
  const [asterisk, postgres] = await Promise.all([askVersion(source, ['asterisk', '-V'], deadline), listClusters(source, deadline)]);
  const servers: string[] = [];
  if (asterisk !== null || running.has('asterisk')) servers.push(describe('asterisk', asterisk, running));
  servers.push(...postgres);
  if (postgres.length === 0 && running.has(DATABASE)) servers.push(describe(DATABASE, null, running));
  for (const name of ['freeswitch', 'kamailio']) if (running.has(name)) servers.push(describe(name, null, running));
  return servers;
}

/** Whether a server as it is named here wants the ports of calls: all but the database, while they run. */
export function wantsCallPorts(server: string): boolean {
  return server.endsWith('(running)') && server.split(' ')[0] !== DATABASE;
}

function describe(name: string, version: string | null, running: ReadonlySet<string>): string {
  return `${name}${version === null ? '' : ` ${version}`} (${running.has(name) ? 'running' : 'installed'})`;
}

async function findRunning(source: ServerSource, home: string): Promise<ReadonlySet<string>> {
  const running = new Set<string>();
  const ids = (await listMachineFolder(source, 'proc')).filter((name) => /^\d+$/.test(name));
  for (const id of ids) {
    const server = SERVERS[(await readMachineFile(source, `proc/${id}/comm`)).trim()];
    if (server === undefined) continue;
    // Ours run with the private root as their `/`.
    const root = await readlink(join(source.root, 'proc', id, 'root')).catch(() => '/');
    if (root !== home && !root.startsWith(`${home}/`)) running.add(server);
  }
  return running;
}

async function askVersion(source: ServerSource, argv: readonly string[], deadline: AbortSignal): Promise<string | null> {
  const answer = await askCommand(argv, { env: source.env, deadline });
  return answer.kind === 'ended' && answer.exitCode === 0 ? (/(\d+\.\d+(?:\.\d+)?)/.exec(answer.stdout)?.[1] ?? null) : null;
}

/** Debian's list of clusters: version, name, port, state. */
async function listClusters(source: ServerSource, deadline: AbortSignal): Promise<readonly string[]> {
  const answer = await askCommand(['pg_lsclusters', '--no-header'], { env: source.env, deadline });
  if (answer.kind !== 'ended' || answer.exitCode !== 0) return [];
  const clusters = answer.stdout.split('\n').map((line) => line.trim().split(/\s+/));
  return clusters
    .filter(([version]) => version !== undefined && /^\d+/.test(version))
    .map(([version, , port, state]) => `${DATABASE} ${version} on port ${port} (${state?.startsWith('online') ? 'running' : 'installed'})`);
}
