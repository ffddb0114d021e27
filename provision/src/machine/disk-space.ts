/** Room on the file system of a path that need not exist yet. */
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

export type DiskSpace = {
  /** The nearest folder that exists: where the figures are from. */
  readonly folder: string;
  readonly freeBytes: number;
  readonly totalBytes: number;
  readonly freeInodes: number;
};

/** Asks the file system of `path`, or of its nearest parent that exists. */
export async function statDisk(path: string): Promise<DiskSpace> {
  const found = await statfs(path).catch(() => null);
  if (found)
    return {
      folder: path,
      freeBytes: found.bavail * found.bsize,
      totalBytes: found.blocks * found.bsize,
      freeInodes: found.ffree,
    };
  if (path === '/') return { folder: '/', freeBytes: 0, totalBytes: 0, freeInodes: 0 };
  return await statDisk(dirname(path));
}

/** The mount that a path is on, from `/proc/self/mountinfo`; the last of equally long ones lies on top. */
export function findMount(mountinfo: string, path: string): { readonly fileSystem: string; readonly isReadOnly: boolean } | null {
  let best: { point: string; fileSystem: string; isReadOnly: boolean } | null = null;
  for (const line of mountinfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const fields = before.split(' ');
    const point = fields[4]?.replaceAll('\\040', ' ');
    const fileSystem = after.split(' ')[0];
    if (point === undefined || fileSystem === undefined || fileSystem === '') continue;
    const isAbove = path === point || path.startsWith(point.endsWith('/') ? point : `${point}/`);
    if (!isAbove || (best && point.length < best.point.length)) continue;
    const options = `${fields[5] ?? ''},${after.split(' ')[2] ?? ''}`.split(',');
    best = { point, fileSystem, isReadOnly: options.includes('ro') };
  }
  return best && { fileSystem: best.fileSystem, isReadOnly: best.isReadOnly };
}
