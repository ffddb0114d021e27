/** Runs the private root's espeak-ng from outside the root, with no privilege, through the root's own dynamic loader. */
import { join } from 'node:path';
import type { PrivateRoot } from './private-root.ts';

/** A program's argv without its own arguments, and the environment it needs. */
export type EspeakCommand = { readonly argv: readonly string[]; readonly env: { readonly ESPEAK_DATA_PATH: string } };

/** File name of the C library's loader, by Debian's name of the architecture. */
const LOADERS = new Map([
  ['x86_64-linux-gnu', 'ld-linux-x86-64.so.2'],
  ['aarch64-linux-gnu', 'ld-linux-aarch64.so.1'],
]);

/** The command for espeak-ng. Works for any user that may read the root. */
export function espeakCommand(root: Pick<PrivateRoot, 'dir' | 'multiarch'>): EspeakCommand {
  const libraries = join(root.dir, 'usr/lib', root.multiarch);
  const loader = LOADERS.get(root.multiarch);
  if (loader === undefined)
    throw new Error(`${root.multiarch}: no dynamic loader known; the product runs on ${[...LOADERS.keys()].join(' and ')}`);
  return {
    // espeak-ng links the PulseAudio client, whose common part lies in a folder of its own.
    argv: [join(libraries, loader), '--library-path', `${libraries}:${join(libraries, 'pulseaudio')}`, join(root.dir, 'usr/bin/espeak-ng')],
    env: { ESPEAK_DATA_PATH: join(libraries, 'espeak-ng-data') },
  };
}
