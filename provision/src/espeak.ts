/** Runs the private root's espeak-ng from outside the root, with no privilege, through the root's own dynamic loader. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { PrivateRoot } from './private-root.ts';

/** A program's argv without its own arguments, and the environment it needs. */
export type EspeakCommand = { readonly argv: readonly string[]; readonly env: { readonly ESPEAK_DATA_PATH: string } };

/** The command for espeak-ng. Works for any user that may read the root. */
export function espeakCommand(root: Pick<PrivateRoot, 'dir' | 'multiarch'>): EspeakCommand {
  const libraries = join(root.dir, 'usr/lib', root.multiarch);
  const loader = readdirSync(join(root.dir, 'usr/lib', root.multiarch)).find((name) => /^ld-linux-.*\.so\.\d+$/.test(name));
  if (loader === undefined)
    throw new Error(`${libraries}: no dynamic loader: the private root is incomplete, remove it and provision again`);
  return {
    // espeak-ng links the PulseAudio client, whose common part lies in a folder of its own.
    argv: [join(libraries, loader), '--library-path', `${libraries}:${join(libraries, 'pulseaudio')}`, join(root.dir, 'usr/bin/espeak-ng')],
    env: { ESPEAK_DATA_PATH: join(libraries, 'espeak-ng-data') },
  };
}
