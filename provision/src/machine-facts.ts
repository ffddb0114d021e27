/** Read-only probes of the machine: what it is, what it has, what is already on it. Nothing here changes anything. */
import { createSocket } from 'node:dgram';
import { access, readFile, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { availableParallelism, totalmem } from 'node:os';
import { dirname, join } from 'node:path';

export type MachineFacts = {
  /** Debian's name for the system, such as `debian` and `12`. */
  readonly system: { readonly id: string; readonly version: string };
  readonly architecture: string;
  readonly cores: number;
  readonly memoryBytes: number;
  /** Free space where the installation lives. */
  readonly diskFreeBytes: number;
  /** `docker` or `podman` when one is installed: said, not used yet. */
  readonly containerEngine: string | null;
  /** Programs that the installation needs and the machine lacks. */
  readonly missingPrograms: readonly RequiredProgram[];
  readonly hasSystemd: boolean;
};

/** Program -> Debian package that brings it. */
export const REQUIRED_PROGRAMS = {
  debootstrap: 'debootstrap',
  supervisord: 'supervisor',
  supervisorctl: 'supervisor',
  setpriv: 'util-linux',
  unshare: 'util-linux',
  mount: 'mount',
  useradd: 'passwd',
} as const;
export type RequiredProgram = keyof typeof REQUIRED_PROGRAMS;

/** Probes the machine. `home` need not exist yet. */
export async function probeMachine(home: string): Promise<MachineFacts> {
  const release = parseOsRelease(await readFile('/etc/os-release', 'utf8').catch(() => ''));
  const engines = await Promise.all(['docker', 'podman'].map(async (name) => ((await findProgram(name)) ? name : null)));
  return {
    system: release,
    architecture: process.arch,
    cores: availableParallelism(),
    memoryBytes: await readMemoryBytes(),
    diskFreeBytes: await readFreeBytes(home),
    containerEngine: engines.find((name) => name !== null) ?? null,
    missingPrograms: await findMissingPrograms(Object.keys(REQUIRED_PROGRAMS) as RequiredProgram[]),
    hasSystemd: await exists('/run/systemd/system'),
  };
}

/** Those of the programs that the machine lacks. */
export async function findMissingPrograms(programs: readonly RequiredProgram[]): Promise<readonly RequiredProgram[]> {
  const found = await Promise.all(programs.map((program) => findProgram(program)));
  return programs.filter((_, index) => found[index] === false);
}

/** Parses os-release; empty strings for what it does not say. */
export function parseOsRelease(text: string): { readonly id: string; readonly version: string } {
  const field = (name: string): string => new RegExp(`^${name}="?([^"\\n]*)"?$`, 'm').exec(text)?.[1] ?? '';
  return { id: field('ID'), version: field('VERSION_ID') };
}

/** Whether nobody listens on the port. */
export async function isPortFree(port: number, kind: 'udp' | 'tcp'): Promise<boolean> {
  return await new Promise((resolve) => {
    if (kind === 'udp') {
      const socket = createSocket('udp4');
      socket.once('error', () => resolve(false));
      socket.bind(port, () => socket.close(() => resolve(true)));
      return;
    }
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}

/** The container's limit where there is one: it, not the machine's memory, is what a process can have. */
async function readMemoryBytes(): Promise<number> {
  const limit = Number(await readFile('/sys/fs/cgroup/memory.max', 'utf8').catch(() => ''));
  return Number.isFinite(limit) && limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

async function readFreeBytes(path: string): Promise<number> {
  const found = await statfs(path).catch(() => null);
  if (found) return found.bavail * found.bsize;
  return path === '/' ? 0 : await readFreeBytes(dirname(path));
}

async function findProgram(name: string): Promise<boolean> {
  const folders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  for (const folder of folders) if (await exists(join(folder, name))) return true;
  return false;
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
