/** Runs a program of the private root from outside the root, with no privilege, through the root's own dynamic loader. */
import { join } from 'node:path';
import type { PrivateRoot } from './private-root.ts';

/** File name of the C library's loader, by Debian's name of the architecture. */
const LOADERS = new Map([
  ['x86_64-linux-gnu', 'ld-linux-x86-64.so.2'],
  ['aarch64-linux-gnu', 'ld-linux-aarch64.so.1'],
]);

/** Argv of the program at `path` in the root, such as `usr/bin/promtool`; `folders` of further libraries are named below the root's own. */
export function rootProgram(
  root: Pick<PrivateRoot, 'dir' | 'multiarch'>,
  path: string,
  folders: readonly string[] = [],
): readonly string[] {
  const libraries = join(root.dir, 'usr/lib', root.multiarch);
  const loader = LOADERS.get(root.multiarch);
  if (loader === undefined)
    throw new Error(`${root.multiarch}: no dynamic loader known; the product runs on ${[...LOADERS.keys()].join(' and ')}`);
  const paths = [libraries, ...folders.map((folder) => join(libraries, folder))];
  return [join(libraries, loader), '--library-path', paths.join(':'), join(root.dir, path)];
}
