/** Where a change of release leaves its backup, and how it is made. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { estimateBackupBytes, writeBackup } from '#backup/backup-archive.ts';
import { toGib } from '#gibibytes.ts';
import { ObstacleError } from '#place.ts';
import type { Site } from '#runtime/runtime.ts';
import { withBackupKey, writeSecrets } from '#secrets.ts';

/** What must stay free besides: a full disk stops the database. */
const RESERVE_BYTES = 512 * 1024 ** 2;

export function restorePointsFolder(home: string): string {
  return join(home, 'restore-points');
}

/** Throws when the backup would not fit beside everything else. */
export async function requireSpaceForBackup(site: Site): Promise<void> {
  const { facts } = site;
  const neededBytes = (await estimateBackupBytes(site)) + RESERVE_BYTES;
  const { diskFreeBytes } = facts.machine;
  if (diskFreeBytes >= neededBytes) return;
  throw new ObstacleError([
    {
      name: 'disk space',
      reason: `${toGib(diskFreeBytes)} GiB free below ${facts.home}, and a restore point may take ${toGib(neededBytes)} GiB`,
      fix: 'make room, for example by moving old files of backups/ elsewhere',
    },
  ]);
}

/** Makes the restore point of a release that stands still. Returns its path. */
export async function makeRestorePoint(site: Site, name: string, signal: AbortSignal): Promise<string> {
  const { home, secrets } = site.facts;
  if (!secrets) throw new Error(`${home}/secrets.json is missing`);
  // An installation from before there were backups has no key yet.
  const complete = await withBackupKey(secrets);
  if (secrets.backupKey === undefined) await writeSecrets(home, complete);
  const folder = restorePointsFolder(home);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${name}.age`);
  await rm(path, { force: true });
  await writeBackup(site, { path, key: complete.backupKey, folders: [], signal });
  return path;
}

/** Removes the restore points that nobody will go back to. */
export async function pruneRestorePoints(home: string, keep: readonly (string | null)[]): Promise<void> {
  const folder = restorePointsFolder(home);
  for (const name of await readdir(folder).catch((): string[] => [])) {
    const path = join(folder, name);
    if (!keep.includes(path)) await rm(path, { force: true });
  }
}
