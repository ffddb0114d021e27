/** What the steps of the installation must know of the machine: a summary of the hardware, the programs it lacks, its ports. Nothing here changes anything. */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Hardware } from '#machine/hardware.ts';
import { isThere } from './path-presence.ts';

export type MachineFacts = {
  /** Debian's name for the system, such as `debian` and `12`. */
  readonly system: { readonly id: string; readonly version: string };
  readonly architecture: string;
  readonly cores: number;
  readonly memoryBytes: number;
  /** Free space where the installation lives. */
  readonly diskFreeBytes: number;
  /** `docker` or `podman` where one answers, words for one that does not, null where there is none. */
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

/** Sums up what was detected and looks for the programs that the installation needs, which a run may bring. */
export async function describeMachine(hardware: Hardware): Promise<MachineFacts> {
  return {
    ...summarizeHardware(hardware),
    missingPrograms: await findMissingPrograms(Object.keys(REQUIRED_PROGRAMS) as RequiredProgram[]),
    hasSystemd: await isThere('/run/systemd/system'),
  };
}

/** What was detected, in the steps' words. */
export function summarizeHardware({ system, cpu, memory, disk, engine }: Hardware): Omit<MachineFacts, 'missingPrograms' | 'hasSystemd'> {
  return {
    system: { id: system.id, version: system.version },
    architecture: cpu.architecture,
    cores: cpu.cores,
    memoryBytes: memory.totalBytes,
    diskFreeBytes: disk.freeBytes,
    containerEngine: engine.kind === 'known' ? (engine.value?.name ?? null) : 'a container engine that does not answer',
  };
}

/** Those of the programs that the machine lacks. */
export async function findMissingPrograms(programs: readonly RequiredProgram[]): Promise<readonly RequiredProgram[]> {
  const found = await Promise.all(programs.map((program) => findProgram(program)));
  return programs.filter((_, index) => found[index] === false);
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

async function findProgram(name: string): Promise<boolean> {
  const folders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  for (const folder of folders) if (await isThere(join(folder, name))) return true;
  return false;
}
