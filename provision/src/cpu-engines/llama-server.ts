/** llama.cpp's server in the private root: brought only where a language model runs on the processor (8 MB to fetch, 39 MB installed). */
import { join } from 'node:path';
import { confinedCommand, runCommand } from '#command.ts';
import { isThere } from '#path-presence.ts';
import type { PrivateRoot } from '#private-root.ts';
import { rootProgram } from '#root-program.ts';

const PROGRAM = 'usr/bin/llama-server';
const PACKAGE = 'llama.cpp-tools';
const INSTALL_TIMEOUT_MS = 600_000;
/** In a namespace of its own: the mounts vanish with it. */
const SCRIPT = `
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
chroot "$1" apt-get -q update
chroot "$1" apt-get -q install -y --no-install-recommends "$2"
chroot "$1" apt-get clean
`;

/** Installs it where it is missing. Returns whether it was. */
export async function ensureLlamaServer(root: Pick<PrivateRoot, 'dir'>, signal: AbortSignal): Promise<boolean> {
  if (await isThere(join(root.dir, PROGRAM))) return false;
  const argv = ['unshare', '--mount', '--propagation', 'private', '/bin/sh', '-ec', SCRIPT, 'install', root.dir, PACKAGE];
  const label = `installing ${PACKAGE} into ${root.dir}`;
  const env = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
  await runCommand(confinedCommand(argv), { env, label, timeoutMs: INSTALL_TIMEOUT_MS, signal });
  return true;
}

/** What the inference server is told: the program through the root's own loader, and the folder of its backends, which it looks for where it is started. */
export function llamaServerSettings(root: Pick<PrivateRoot, 'dir' | 'multiarch'>): Readonly<Record<string, string>> {
  return {
    LLAMA_SERVER_COMMAND: JSON.stringify(rootProgram(root, PROGRAM, ['llama'])),
    LLAMA_SERVER_DIR: join(root.dir, 'usr/lib', root.multiarch, 'ggml/backends0'),
  };
}
