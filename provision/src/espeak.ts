/** The private root's espeak-ng as a command that any user who may read the root can run. */
import { join } from 'node:path';
import type { PrivateRoot } from './private-root.ts';
import { rootProgram } from './root-program.ts';

/** A program's argv without its own arguments, and the environment it needs. */
export type EspeakCommand = { readonly argv: readonly string[]; readonly env: { readonly ESPEAK_DATA_PATH: string } };

/** The command for espeak-ng. Works for any user that may read the root. */
export function espeakCommand(root: Pick<PrivateRoot, 'dir' | 'multiarch'>): EspeakCommand {
  return {
    // espeak-ng links the PulseAudio client, whose common part lies in a folder of its own.
    argv: rootProgram(root, 'usr/bin/espeak-ng', ['pulseaudio']),
    env: { ESPEAK_DATA_PATH: join(root.dir, 'usr/lib', root.multiarch, 'espeak-ng-data') },
  };
}
