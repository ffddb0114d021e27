/** The disk that the installation is or will be on. */
import { findMount } from './disk-space.ts';
import type { Disk, Known } from './hardware.ts';
import { readMachineFile } from './machine-source.ts';
import type { MachineSource } from './machine-source.ts';

/** Room, kind of file system and latency below `home`, which need not exist yet. */
export async function probeDisk(source: MachineSource, home: string, deadline: AbortSignal): Promise<Disk> {
  const space = await source.statDisk(home);
  const mount = findMount(await readMachineFile(source, 'proc/self/mountinfo'), space.folder);
  return {
    path: space.folder,
    freeBytes: space.freeBytes,
    totalBytes: space.totalBytes,
    freeInodes: space.freeInodes,
    fileSystem: mount?.fileSystem ?? 'unknown',
    fsyncP95Ms: await measure(source, space.folder, deadline),
  };
}

async function measure(source: MachineSource, folder: string, deadline: AbortSignal): Promise<Known<number>> {
  try {
    const times = [...(await source.measureFsync(folder, deadline))].sort((one, other) => one - other);
    const p95 = times[Math.ceil(times.length * 0.95) - 1] ?? 0;
    return { kind: 'known', value: Number(p95.toFixed(2)) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { kind: 'unknown', reason: `the disk of ${folder} was not timed: ${why}`, fix: `run it as who may write to ${folder}` };
  }
}
