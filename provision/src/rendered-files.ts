/** Writes rendered files and tells which of them differ from what is on disk. */
import { chmod, chown, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RenderedFile } from './asterisk-configuration.ts';

export type FileOwnership = {
  /** Left out: whoever writes it. */
  readonly uid?: number;
  readonly gid?: number;
  readonly mode: number;
};
/** What chown takes for an owner that stays. */
const UNCHANGED = -1;

/** The files of a folder with their text; none when there is no folder. */
export async function readFiles(folder: string): Promise<readonly RenderedFile[]> {
  const names = (await readdir(folder).catch((): string[] => [])).sort();
  const files: RenderedFile[] = [];
  for (const path of names) files.push({ path, text: await readFile(join(folder, path), 'utf8') });
  return files;
}

/** Names of the files whose text differs, that are missing, or that nobody wants any more. */
export function listDifferences(current: readonly RenderedFile[], wanted: readonly RenderedFile[]): readonly string[] {
  const texts = new Map(current.map((file) => [file.path, file.text]));
  const names = new Set(wanted.map((file) => file.path));
  const changed = wanted.filter((file) => texts.get(file.path) !== file.text).map((file) => file.path);
  return [...changed, ...current.filter((file) => !names.has(file.path)).map((file) => file.path)];
}

/** Makes `folder` hold exactly these files. Each is replaced at once: a reader sees the old text or the new. */
export async function writeRenderedFiles(folder: string, files: readonly RenderedFile[], ownership: FileOwnership): Promise<void> {
  for (const name of listDifferences(await readFiles(folder), files)) {
    const file = files.find((candidate) => candidate.path === name);
    if (file) await replaceFile(join(folder, name), file.text, ownership);
    else await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** Writes a file under another name, sets its owner and mode, and renames it into place. */
export async function replaceFile(path: string, text: string | Uint8Array, ownership: FileOwnership): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.new`;
  await rm(temporary, { force: true });
  // On the disk before its name is: after a power cut the file is the old one or the new one, never an empty one.
  await writeFile(temporary, text, { mode: 0o600, flush: true });
  await chown(temporary, ownership.uid ?? UNCHANGED, ownership.gid ?? UNCHANGED);
  await chmod(temporary, ownership.mode);
  await rename(temporary, path);
}

/** Points the link `path` at `target`, at once: whoever follows it comes to the old place or to the new one. */
export async function replaceLink(path: string, target: string): Promise<void> {
  const temporary = `${path}.new`;
  await rm(temporary, { force: true });
  await symlink(target, temporary);
  await rename(temporary, path);
}
