/** The command `centralita` of this installation: a script below its home, and the name that every shell finds, where no other installation has it. */
import { readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

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
 * The script: the checkout's command line with the checkout's Node. The address of this installation's API comes last of all that may name one,
 * so that an operator's own choice holds.
 */
export function renderCommand(place: {
  readonly home: string;
  readonly repository: string;
  readonly settings: { readonly HTTP_HOST: string; readonly HTTP_PORT: number };
}): string {
  const { home, repository, settings } = place;
  const host = settings.HTTP_HOST === '0.0.0.0' ? '127.0.0.1' : settings.HTTP_HOST;
  return `#!/bin/sh
# Rendered by provision.sh.
export CENTRALITA_HOME=\${CENTRALITA_HOME:-${quote(home)}}
export CENTRALITA_DEFAULT_URL=${quote(`http://${host}:${settings.HTTP_PORT}`)}
repository=${quote(repository)}
if [ ! -x "$repository/node_modules/.bin/node" ]; then
  echo "centralita: cannot run $repository/node_modules/.bin/node: run it as root, or install the checkout again with provision.sh" >&2
  exit 3
fi
exec "$repository/node_modules/.bin/node" "$repository/apps/cli/src/main.ts" "$@"
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
