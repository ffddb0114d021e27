/** Where a machine is read from: the roots of its files and the few things that no file tells. Tests give another machine here. */
import { access, readdir, readFile } from 'node:fs/promises';
import { availableParallelism, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { statDisk } from './disk-space.ts';
import type { DiskSpace } from './disk-space.ts';
import { measureFsync } from './fsync-latency.ts';

export type MachineSource = {
  /** Folder that stands for `/`: `etc/os-release`, `proc`, `sys`, `dev` and `run` are read below it. */
  readonly root: string;
  /** Environment of the programs asked; its PATH is where they are looked up. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** As Node names it: `x64`, `arm64`. */
  readonly architecture: string;
  /** Cores that this process may use; null: those that cpuinfo lists. */
  readonly usableCores: number | null;
  /** Addresses of the machine's own interfaces but for the loopback's. */
  readonly addresses: readonly string[];
  readonly statDisk: (path: string) => Promise<DiskSpace>;
  /** Times of single writes that reached the disk, in milliseconds. */
  readonly measureFsync: (folder: string, deadline: AbortSignal) => Promise<readonly number[]>;
};

/** This machine. */
export function thisMachine(env: Readonly<Record<string, string | undefined>>): MachineSource {
  const interfaces = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return {
    root: '/',
    env,
    architecture: process.arch,
    usableCores: availableParallelism(),
    // A link-local address says nothing about where the machine stands.
    addresses: interfaces.filter(({ internal, address }) => !internal && !address.startsWith('fe80:')).map(({ address }) => address),
    statDisk,
    measureFsync,
  };
}

/** Text of a file of the machine; empty when it is not there or may not be read. */
export async function readMachineFile({ root }: Pick<MachineSource, 'root'>, path: string): Promise<string> {
  return await readFile(join(root, path), 'utf8').catch(() => '');
}

/** Names in a folder of the machine, sorted; none when it is not there. */
export async function listMachineFolder({ root }: Pick<MachineSource, 'root'>, path: string): Promise<readonly string[]> {
  return (await readdir(join(root, path)).catch((): string[] => [])).sort();
}

/** Whether a file of the machine is there. */
export async function hasMachineFile({ root }: Pick<MachineSource, 'root'>, path: string): Promise<boolean> {
  return await access(join(root, path)).then(
    () => true,
    () => false,
  );
}
