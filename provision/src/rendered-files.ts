/** Writes rendered files and tells which of them differ from what is on disk. */
import { chmod, chown, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RenderedFile } from './asterisk-configuration.ts';

export type FileOwnership = { readonly uid: number; readonly gid: number; readonly mode: number };

/** Names of the files whose text on disk is not the rendered one, stale files included. */
export async function listChangedFiles(folder: string, files: readonly RenderedFile[]): Promise<readonly string[]> {
  const changed: string[] = [];
  for (const file of files) {
    const current = await readFile(join(folder, file.path), 'utf8').catch(() => null);
    if (current !== file.text) changed.push(file.path);
  }
  const wanted = new Set(files.map((file) => file.path));
  const present = await readdir(folder).catch(() => []);
  return [...changed, ...present.filter((name) => !wanted.has(name))];
}

/** Makes `folder` hold exactly these files. Each is replaced at once: a reader sees the old text or the new. */
export async function writeRenderedFiles(folder: string, files: readonly RenderedFile[], ownership: FileOwnership): Promise<void> {
  for (const name of await listChangedFiles(folder, files)) {
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
  await writeFile(temporary, text, { mode: 0o600 });
  await chown(temporary, ownership.uid, ownership.gid);
  await chmod(temporary, ownership.mode);
  await rename(temporary, path);
}
