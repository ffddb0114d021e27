/** Which files of a checkout are the product as it runs, and the digest that names them: two trees with the same digest behave the same. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Packages are not among them: the lock file says which they are, and they are linked or copied beside. */
export const RELEASE_PATHS = [
  'package.json',
  'package-lock.json',
  'LICENSE',
  'provision.sh',
  'docker-compose.yml',
  'scripts',
  'apps',
  'asterisk',
  'inference',
  'prometheus',
  'grafana',
  'provision',
  // The program of the test call; its tests stay behind.
  'e2e/package.json',
  'e2e/src',
] as const;

/** Path below the tree -> SHA-256, sorted by path. */
export type FileDigests = Readonly<Record<string, string>>;

/** Hashes every file of the product below `tree`. A path of the list that is not there is left out. */
export async function hashReleaseFiles(tree: string): Promise<FileDigests> {
  const paths: string[] = [];
  for (const path of RELEASE_PATHS) paths.push(...(await listFiles(tree, path)));
  const digests: [string, string][] = [];
  for (const path of paths.toSorted())
    digests.push([
      path,
      createHash('sha256')
        .update(await readFile(join(tree, path)))
        .digest('hex'),
    ]);
  return Object.fromEntries(digests);
}

/** One digest over all names and contents. */
export function digestFiles(files: FileDigests): string {
  const hash = createHash('sha256');
  for (const path of Object.keys(files).toSorted()) hash.update(`${path}\0${files[path] ?? ''}\n`);
  return hash.digest('hex');
}

/**
 * One digest over names and contents below some paths of a tree. Installations keep it of the migrations that their database has: in another
 * form an upgrade would take these for changed, and its way back would restore the database.
 */
export async function digestPaths(tree: string, paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths)
    for (const file of (await listFiles(tree, path)).toSorted()) hash.update(`/${file}`).update(await readFile(join(tree, file)));
  return hash.digest('hex');
}

/** Tests run nowhere on an appliance; hidden files are editors' and tools' own. */
function isLeftOut(path: string): boolean {
  return (
    path.includes('.test.') || path.split('/').some((part) => part.startsWith('.') || part === 'node_modules' || part === '__pycache__')
  );
}

async function listFiles(tree: string, path: string): Promise<readonly string[]> {
  const entries = await readdir(join(tree, path), { recursive: true, withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOTDIR') return null;
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (entries === null) return [path];
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(tree.length + 1))
    .filter((file) => !isLeftOut(file));
}
