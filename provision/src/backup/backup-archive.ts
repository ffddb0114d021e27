/** Makes a backup: everything that an empty machine needs to be this one again, in one encrypted file. */
import { spawn } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { finished, Writable } from 'node:stream';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { digestFile } from '#file-digest.ts';
import type { FileDigest } from '#file-digest.ts';
import { isThere } from '#path-presence.ts';
import { readManifest, releaseFolder } from '#releases/release-store.ts';
import type { Site } from '#runtime/runtime.ts';
import { encryptTo, openEncrypted } from './backup-cipher.ts';
import { BACKUP_MANIFEST, DUMP_FILE, listDamagedFiles, parseBackupManifest } from './backup-manifest.ts';
import type { BackupFolder, BackupManifest } from './backup-manifest.ts';
import { dumpDatabase } from './database-copy.ts';

const STAGING = 'backup.staging';
/** Of what lies below the home; what is not there is left out. */
const FILES = ['secrets.json', '.env', 'state.json', 'calibration.json'] as const;

export type BackupOptions = {
  readonly path: string;
  readonly key: string;
  readonly folders: readonly BackupFolder[];
  readonly signal: AbortSignal;
};

/** Makes the backup, complete or not at all: it gets its name when its last byte is on the disk. The database must be up; calls may go on. */
export async function writeBackup(site: Site, options: BackupOptions): Promise<BackupManifest> {
  const { facts } = site;
  const staging = join(facts.home, STAGING);
  const unfinished = `${options.path}.part`;
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { mode: 0o700 });
  await mkdir(dirname(options.path), { recursive: true, mode: 0o700 });
  await rm(unfinished, { force: true });
  try {
    const tables = await dumpDatabase(site.database(), join(staging, DUMP_FILE), options.signal);
    for (const name of FILES) if (await isThere(join(facts.home, name))) await copyFile(join(facts.home, name), join(staging, name));
    const files: Record<string, FileDigest> = {};
    for (const name of (await readdir(staging)).toSorted()) files[name] = await digestFile(join(staging, name));
    // The manifest names what is in it: a restore takes each of these folders out again.
    const trees: { readonly name: BackupFolder; readonly path: string }[] = [];
    for (const name of options.folders) {
      const { path } = await site.findFolder(name);
      if (await isThere(path)) trees.push({ name, path });
    }
    const running = facts.release.current === null ? null : await readManifest(releaseFolder(facts.home, facts.release.current));
    const manifest: BackupManifest = {
      format: 1,
      madeAt: new Date().toISOString(),
      release: facts.release.current ?? facts.release.id,
      version: running?.version ?? facts.release.version,
      migrations: facts.state.migrations ?? null,
      postgres: await site.describePostgres(),
      server: facts.settings.SERVER_NAME,
      tables,
      files,
      folders: trees.map(({ name }) => name),
    };
    await writeFile(join(staging, BACKUP_MANIFEST), JSON.stringify(manifest, null, 2));
    const words = ['--create', ...trees.map(renameTree), '--absolute-names', '-C', staging];
    const tar = runTar([...words, BACKUP_MANIFEST, ...Object.keys(files), ...trees.map(({ path }) => path)], options.signal);
    await Promise.all([encryptTo({ path: unfinished, source: tar.stdout, key: options.key, signal: options.signal }), tar.ended]);
    await rename(unfinished, options.path);
    return manifest;
  } finally {
    await rm(staging, { recursive: true, force: true });
    await rm(unfinished, { force: true });
  }
}

/** A backup, unpacked and found whole. Disposing it removes what was unpacked. */
export type OpenBackup = AsyncDisposable & { readonly folder: string; readonly manifest: BackupManifest };

/** Unpacks a backup below the home and checks it. Throws when it is another key's, damaged anywhere, or not a backup. */
export async function openBackup(
  home: string,
  backup: { readonly path: string; readonly key: string; readonly signal: AbortSignal },
): Promise<OpenBackup> {
  const folder = join(home, 'restore.staging');
  const clear = (): Promise<void> => rm(folder, { recursive: true, force: true });
  await clear();
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    const tar = runTar(['--extract', '--numeric-owner', '-C', folder], backup.signal);
    const source = await openEncrypted(backup.path, backup.key);
    try {
      await pour(source, tar);
    } catch (cause) {
      throw new Error(`${backup.path}: damaged: not a byte of it is used`, { cause });
    }
    const manifest = parseBackupManifest(await readFile(join(folder, BACKUP_MANIFEST), 'utf8'));
    const damaged = await listDamagedFiles(folder, manifest.files);
    if (damaged.length > 0) throw new Error(`${backup.path}: ${damaged.join('; ')}`);
    return { folder, manifest, [Symbol.asyncDispose]: clear };
  } catch (error) {
    await clear();
    throw error;
  }
}

/** Brings everything below one folder into another, owners and modes too; a file that is there already stays. `cp --no-clobber` fails for one on some systems. */
export async function mergeFolder(from: string, options: { readonly into: string; readonly signal: AbortSignal }): Promise<void> {
  const source = runTar(['--create', '-C', from, '.'], options.signal);
  source.stdin.end();
  const target = runTar(['--extract', '--numeric-owner', '--skip-old-files', '-C', options.into], options.signal);
  await Promise.all([pour(source.stdout, target), source.ended]);
}

/** Bytes that a backup of the database and the settings may take at most: the database's own size, twice while it is made. */
export async function estimateBackupBytes(site: Site): Promise<number> {
  return 2 * (await sizeOf(await site.databaseFolder()));
}

/** `tar`'s word for a folder that is in the archive under a name of its own, wherever it lies; what links in it point to stays. */
export function renameTree({ name, path }: { readonly name: BackupFolder; readonly path: string }): string {
  return `--transform=flags=rSh;s,^${path.replaceAll(/[\\.[\]*^$,]/g, String.raw`\$&`)},${name},`;
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => null))?.size ?? 0;
  return bytes;
}

/**
 * All of a stream into `tar`, which goes as soon as it has read the archive's end mark: what follows is read all the same, since a byte that was changed there
 * must be found, and says nothing of damage by itself. The exit code tells how `tar` fared.
 */
async function pour(source: Readable, tar: ReturnType<typeof runTar>): Promise<void> {
  const { stdin } = tar;
  const input = new Writable({
    // Once `tar` is gone the callback comes with an error that means no more than that.
    write: (piece, _encoding, done) => void stdin.write(piece, () => done()),
    final: (done) => {
      // Of an input that went with `tar` already the callback of `end` would never come, and the restore would stand still.
      finished(stdin, () => done());
      stdin.end();
    },
    destroy: (error, done) => {
      stdin.destroy();
      done(error);
    },
  });
  tar.ended.catch(() => source.destroy());
  await Promise.all([tar.ended, pipeline(source, input)]);
}

/** `tar` with streams for its input and output. A file that changed while it was read (exit code 1) is a recording that goes on: it is in as far as it was. */
function runTar(words: readonly string[], signal: AbortSignal) {
  const child = spawn('tar', ['--file=-', ...words], { signal, killSignal: 'SIGKILL' });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4_096)));
  child.stdin.on('error', () => undefined);
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      const isFine = code === 0 || (code === 1 && words[0] === '--create');
      if (isFine) resolve();
      else reject(new Error(`tar: exit code ${code}\n${said.trim()}`));
    });
  });
  ended.catch(() => undefined);
  return { stdin: child.stdin, stdout: child.stdout, ended };
}
