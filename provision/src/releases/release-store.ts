/**
 * The releases kept below the home: what runs, the one before it, and the link that says which is which. The product's own files are
 * copied; packages are shared with the tree they came from where the file system can (a clone, or else a hard link), so that a release takes
 * seconds and no space. A hard link means: whoever writes INTO a package's file changes it in both places. npm replaces files and does not.
 */
import { constants } from 'node:fs';
import { access, chmod, copyFile, mkdir, readdir, readFile, readlink, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { runCommand } from '#command.ts';
import { replaceLink } from '#rendered-files.ts';
import { digestFiles, hashReleaseFiles } from './release-files.ts';
import { listDamage, MANIFEST_FILE, parseManifest, releaseId, renderManifest, SIGNATURE_FILE } from './release-manifest.ts';
import type { ReleaseManifest } from './release-manifest.ts';

const BUILDING_PREFIX = '.building-';
const COPY_TIMEOUT_MS = 600_000;

/** How the packages came into a release. */
export type PackageSharing = 'cloned' | 'hard-linked' | 'copied';

export function releasesFolder(home: string): string {
  return join(home, 'releases');
}

/** The folder of one release. */
export function releaseFolder(home: string, id: string): string {
  return join(releasesFolder(home), id);
}

/** The link to the release that runs. */
export function currentLink(home: string): string {
  return join(home, 'current');
}

/** Names of the finished releases. */
export async function listReleases(home: string): Promise<readonly string[]> {
  const names = await readdir(releasesFolder(home)).catch((): string[] => []);
  return names.filter((name) => !name.startsWith('.')).toSorted();
}

/** Name of the release that the link points to, or null when there is no link. */
export async function findCurrent(home: string): Promise<string | null> {
  const target = await readlink(currentLink(home)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw error;
  });
  return target === null ? null : basename(target);
}

/** Points the link at a release. */
export async function switchCurrent(home: string, id: string): Promise<void> {
  await access(join(releaseFolder(home, id), MANIFEST_FILE));
  await replaceLink(currentLink(home), join('releases', id));
}

/** Reads the manifest of a release, or of any tree. Null when it has none. */
export async function readManifest(tree: string): Promise<ReleaseManifest | null> {
  const path = join(tree, MANIFEST_FILE);
  const text = await readFile(path, 'utf8').catch(() => null);
  return text === null ? null : parseManifest(text, path);
}

/**
 * Makes the release of a tree, or finds it made. Built in a folder of its own and renamed when complete: killed at any moment, the next run
 * starts it again and a release is never half. Throws when the tree changed while it was copied.
 */
export async function makeRelease(options: {
  readonly home: string;
  readonly repository: string;
  readonly manifest: ReleaseManifest;
}): Promise<{ readonly id: string; readonly sharing: PackageSharing | 'found' }> {
  const { home, repository, manifest } = options;
  const id = releaseId(manifest);
  if ((await listReleases(home)).includes(id)) return { id, sharing: 'found' };
  await mkdir(releasesFolder(home), { recursive: true, mode: 0o755 });
  const building = join(releasesFolder(home), `${BUILDING_PREFIX}${id}`);
  await rm(building, { recursive: true, force: true });
  await mkdir(building, { mode: 0o755 });
  for (const path of Object.keys(manifest.files)) await copyOwnFile(join(repository, path), join(building, path));
  const sharing = await sharePackages(join(repository, 'node_modules'), join(building, 'node_modules'));
  const copied = await hashReleaseFiles(building);
  if (digestFiles(copied) !== manifest.digest)
    throw new Error(`${repository} changed while its release was made (${listDamage(manifest, copied)[0] ?? ''}): run again`);
  await writeFile(join(building, MANIFEST_FILE), renderManifest(manifest));
  const signature = await readFile(join(repository, SIGNATURE_FILE), 'utf8').catch(() => null);
  if (signature !== null) await writeFile(join(building, SIGNATURE_FILE), signature);
  await runCommand(['sync', '-f', building], { timeoutMs: COPY_TIMEOUT_MS });
  await rename(building, releaseFolder(home, id));
  return { id, sharing };
}

/** Readable for the service user whatever the checkout's own modes are; the mount that it runs from is read-only. */
async function copyOwnFile(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o755 });
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  const isProgram = ((await stat(from)).mode & 0o100) !== 0;
  await chmod(to, isProgram ? 0o755 : 0o644);
}

async function sharePackages(from: string, to: string): Promise<PackageSharing> {
  await access(join(from, '.bin', 'node'));
  const ways: readonly (readonly [PackageSharing, readonly string[]])[] = [
    ['cloned', ['--reflink=always']],
    ['hard-linked', ['--link']],
    ['copied', []],
  ];
  for (const [sharing, words] of ways) {
    try {
      await runCommand(['cp', '--archive', ...words, from, to], { timeoutMs: COPY_TIMEOUT_MS });
      return sharing;
    } catch (error) {
      await rm(to, { recursive: true, force: true });
      if (sharing === 'copied') throw error;
    }
  }
  throw new Error('no way to copy packages: a bug in the list of ways');
}

/**
 * Removes the releases that nobody needs: not those named, and none that a process still runs from. Returns what was removed.
 * Abandoned builds go as well: whoever made them was killed, since only one run works at a time.
 */
export async function pruneReleases(home: string, keep: readonly string[]): Promise<readonly string[]> {
  const mounted = await readMounts();
  const names = await readdir(releasesFolder(home)).catch((): string[] => []);
  const old = names.filter((name) => !keep.includes(name) && !mounted.includes(`/releases/${name} `));
  for (const name of old) await rm(releaseFolder(home, name), { recursive: true, force: true });
  return old;
}

/** What every process of the machine has mounted: a service is bound to the folder of the release that it was started from. */
async function readMounts(): Promise<string> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const texts = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/mountinfo`, 'utf8').catch(() => '')));
  return [...new Set(texts)].join('\n');
}
