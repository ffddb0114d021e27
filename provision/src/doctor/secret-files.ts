/** The files that hold secrets, and who may read them. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { secretFilesFolder } from '#secrets.ts';
import type { FileSeen } from './appliance-seen.ts';

/** Modes of what a run writes, as it writes them. */
const BELOW_HOME: readonly (readonly [string, number])[] = [
  ['.env', 0o600],
  ['.env.bak', 0o600],
  ['.env.from-backup', 0o600],
  ['secrets.json', 0o600],
  ['state.json', 0o600],
];

/** Every file with its permission bits. */
export async function readSecretFiles(home: string): Promise<readonly FileSeen[]> {
  const folder = secretFilesFolder(home);
  const inFolder = (await readdir(folder).catch((): string[] => [])).map((name) => [join(folder, name), 0o640] as const);
  const paths = [...BELOW_HOME.map(([name, mode]) => [join(home, name), mode] as const), ...inFolder];
  return await Promise.all(paths.map(async ([path, widestMode]) => ({ path, widestMode, ...(await readMode(path)) })));
}

async function readMode(path: string): Promise<Pick<FileSeen, 'mode' | 'fault'>> {
  try {
    return { mode: (await stat(path)).mode & 0o7777, fault: null };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? { mode: null, fault: null } : { mode: null, fault: code ?? message };
  }
}
