/**
 * Whose containers the engine has: compose knows one project of our name, so a second home on the same engine would take the first one's containers,
 * and a purge of it the first one's database.
 */
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '#command.ts';
import { isThere } from '#path-presence.ts';
import type { Finding } from '#place.ts';
import { containersFolder, PROJECT } from './container-appliance.ts';

const ASK_TIMEOUT_MS = 30_000;
/** Compose's own label: the folder that the project was brought up from. */
const FOLDER_LABEL = 'com.docker.compose.project.working_dir';

/** What is in the way when another home's installation has containers on this engine; null when none has. One that was moved here is no other. */
export async function findOtherHome(home: string, signal: AbortSignal): Promise<Finding | null> {
  const own = await resolvePath(containersFolder(home));
  const argv = [
    'docker',
    'ps',
    '--all',
    '--filter',
    `label=com.docker.compose.project=${PROJECT}`,
    '--format',
    `{{.Label "${FOLDER_LABEL}"}}`,
  ];
  const folders = new Set((await runCommand(argv, { timeoutMs: ASK_TIMEOUT_MS, signal })).split('\n').filter((line) => line !== ''));
  for (const folder of folders)
    if ((await resolvePath(folder)) !== own && (await isThere(join(folder, '.env'))))
      return {
        name: 'home',
        reason: `the containers on this engine are of the installation in ${folder}, and one engine holds one`,
        fix: 'work on that one with its CENTRALITA_HOME, or uninstall it first',
      };
  return null;
}

/** Without its links; as it is where nothing is there. */
async function resolvePath(path: string): Promise<string> {
  return await realpath(path).catch(() => path);
}
