/** The daily backups: what they are called, and which of them are kept. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

const NAME = /^centralita-[A-Za-z0-9._-]+-\d{8}T\d{6}Z\.age$/;

export function backupsFolder(home: string): string {
  return join(home, 'backups');
}

/** Name of a backup made now: sorts by its time. */
export function backupName(server: string, at: Date): string {
  const stamp = at.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  return `centralita-${server}-${stamp}.age`;
}

/** The backups of this server, oldest first. */
export async function listBackups(home: string, server: string): Promise<readonly string[]> {
  const names = await readdir(backupsFolder(home)).catch((): string[] => []);
  return names
    .filter((name) => NAME.test(name) && name.startsWith(`centralita-${server}-`))
    .toSorted()
    .map((name) => join(backupsFolder(home), name));
}

/** Removes the oldest of this server's backups until `keep` are left. Files of other names are the operator's. */
export async function pruneBackups(home: string, options: { readonly server: string; readonly keep: number }): Promise<readonly string[]> {
  const old = (await listBackups(home, options.server)).slice(0, -options.keep);
  for (const path of old) await rm(path, { force: true });
  return old;
}

export async function makeBackupsFolder(home: string): Promise<void> {
  await mkdir(backupsFolder(home), { recursive: true, mode: 0o700 });
}
