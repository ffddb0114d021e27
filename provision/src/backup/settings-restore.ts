/** Settings and secrets of a backup put in their place: what this machine had of its own stays beside, because a restore may be broken off. */
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { isThere } from '#path-presence.ts';
import { replaceFile } from '#rendered-files.ts';
import type { Site } from '#runtime/runtime.ts';
import { forgetAdminKey, parseSecrets, writeSecrets } from '#secrets.ts';
import type { Secrets } from '#secrets.ts';
import { readTextIfThere } from '#text-file.ts';
import type { OpenBackup } from './backup-archive.ts';

/** Below the home: the secrets that restores replaced, by the moment. Without them older backups and a database that was not replaced yet stay shut. */
export const REPLACED_SECRETS = 'replaced-secrets';

/** Throws, with nothing changed, when the backup has none. Run again it changes nothing more. */
export async function restoreSettings(
  site: Pick<Site, 'settingsOwner'> & { readonly facts: { readonly home: string } },
  { folder, manifest }: Pick<OpenBackup, 'folder' | 'manifest'>,
): Promise<void> {
  const { home } = site.facts;
  const path = join(folder, 'secrets.json');
  const secrets = parseSecrets(await readTextIfThere(path), path);
  if (!secrets) throw new Error('the backup has no secrets');
  const environment = await readFile(join(folder, '.env'), 'utf8');
  await keepOwnSecrets(home, secrets);
  await writeSecrets(home, secrets);
  const owner = await site.settingsOwner();
  const hasOwn = await isThere(join(home, '.env'));
  // The settings of a machine that has its own stay: ports and addresses are the machine's.
  const target = hasOwn ? join(home, '.env.from-backup') : join(home, '.env');
  await replaceFile(target, environment, { ...owner, mode: 0o600 });
  if (hasOwn) console.log(`${join(home, '.env')} stays; the settings of the backup are in ${target}.`);
  if (manifest.files['calibration.json']) await copyFile(join(folder, 'calibration.json'), join(home, 'calibration.json'));
}

async function keepOwnSecrets(home: string, next: Secrets): Promise<void> {
  const path = join(home, 'secrets.json');
  const own = parseSecrets(await readTextIfThere(path), path);
  if (own === null || isDeepStrictEqual(forgetAdminKey(own), forgetAdminKey(next))) return;
  await mkdir(join(home, REPLACED_SECRETS), { recursive: true, mode: 0o700 });
  const kept = join(home, REPLACED_SECRETS, `${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}.json`);
  await replaceFile(kept, `${JSON.stringify(own, null, 2)}\n`, { uid: 0, gid: 0, mode: 0o600 });
  console.log(`The secrets of this machine are replaced; they are kept in ${kept}: backups made here before open with its backupKey.`);
}
