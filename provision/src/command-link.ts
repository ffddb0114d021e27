/** The command `centralita` of this installation: a script below its home, and the name that every shell finds, where no other installation has it. */
import { readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { espeakCommand } from './espeak.ts';
import type { PrivateRoot } from './private-root.ts';
import type { Settings } from './settings.ts';

/** Where shells look for programs that are not Debian's. */
export const COMMAND_LINK_PATH = '/usr/local/bin/centralita';

export type CommandFacts = {
  /** What the script holds; empty when there is none. */
  readonly text: string;
  /** Whose the name in `COMMAND_LINK_PATH` is: nobody's (or of an installation that was removed), ours, or somebody else's. */
  readonly link: 'free' | 'ours' | 'taken';
};

/** The script of one installation. */
export function commandPath(home: string): string {
  return join(home, 'bin', 'centralita');
}

/**
 * The script: the release's command line with the release's Node. The address of this installation's API comes last of all that may name one,
 * so that an operator's own choice holds. For calls that test an agent it names the telephone system and the root's espeak-ng, once there is a root.
 */
export function renderCommand(place: {
  readonly home: string;
  readonly repository: string;
  readonly settings: Pick<Settings, 'HTTP_HOST' | 'HTTP_PORT' | 'BIND_ADDRESS' | 'SIP_PORT'>;
  readonly root: Pick<PrivateRoot, 'dir' | 'multiarch'> | null;
}): string {
  const { home, repository, settings, root } = place;
  const host = localAddress(settings.HTTP_HOST);
  return `#!/bin/sh
# Rendered by provision.sh.
export CENTRALITA_HOME=\${CENTRALITA_HOME:-${quote(home)}}
export CENTRALITA_DEFAULT_URL=${quote(`http://${host}:${settings.HTTP_PORT}`)}
export CENTRALITA_SIP=\${CENTRALITA_SIP:-${quote(`${localAddress(settings.BIND_ADDRESS)}:${settings.SIP_PORT}`)}}
${root === null ? '' : exportSpeech(root)}\
repository=${quote(repository)}
if [ ! -x "$repository/node_modules/.bin/node" ]; then
  echo "centralita: cannot run $repository/node_modules/.bin/node: run it as root, or install again with provision.sh" >&2
  exit 3
fi
exec "$repository/node_modules/.bin/node" "$repository/apps/cli/src/main.ts" "$@"
`;
}

/** Where whoever is on this machine reaches what listens on an address. */
function localAddress(bound: string): string {
  return bound === '0.0.0.0' ? '127.0.0.1' : bound;
}

function exportSpeech(root: Pick<PrivateRoot, 'dir' | 'multiarch'>): string {
  const { argv, env } = espeakCommand(root);
  return `export ESPEAK_COMMAND=${quote(JSON.stringify(argv))}
export ESPEAK_DATA_PATH=${quote(env.ESPEAK_DATA_PATH)}
`;
}

/** What there is of the command. Reading changes nothing. */
export async function findCommand(home: string): Promise<CommandFacts> {
  const text = (await readOrNull(() => readFile(commandPath(home), 'utf8'))) ?? '';
  const target = await readOrNull(() => readlink(COMMAND_LINK_PATH));
  if (target === commandPath(home)) return { text, link: 'ours' };
  // Followed: a link whose installation is gone reads as nothing.
  const found = await readOrNull(() => readFile(COMMAND_LINK_PATH));
  return { text, link: found === null ? 'free' : 'taken' };
}

async function readOrNull<Value>(read: () => Promise<Value>): Promise<Value | null> {
  try {
    return await read();
  } catch (error) {
    // EINVAL: it is there and no link.
    if (['ENOENT', 'ENOTDIR', 'EINVAL'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
