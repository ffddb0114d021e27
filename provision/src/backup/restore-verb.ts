/** `provision.sh --restore`: makes this machine the one that a backup was made of, or rehearses it. */
import { access, mkdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { runCommand } from '#command.ts';
import type { Facts } from '#facts.ts';
import { parseVerbArguments } from '#lifecycle/arguments.ts';
import { ask, isInteractive } from '#lifecycle/confirm.ts';
import { EXIT, ObstacleError, UsageError } from '#place.ts';
import { refuseWhileCallsAreUp, stopForChange } from '#releases/live-calls.ts';
import type { RuntimeCall, Site } from '#runtime/runtime.ts';
import { updateState } from '#state.ts';
import { mergeFolder, openBackup } from './backup-archive.ts';
import type { OpenBackup } from './backup-archive.ts';
import { BACKUP_KEY_PATTERN } from './backup-cipher.ts';
import { DUMP_FILE } from './backup-manifest.ts';
import { rehearse } from './backup-verb.ts';
import { allowConnections, readTables, replaceDatabase } from './database-copy.ts';
import { requireRelease } from './restore-release.ts';
import { restoreSettings } from './settings-restore.ts';
import { compareTables, countRows, listLosses } from './table-digests.ts';

const COPY_TIMEOUT_MS = 3_600_000;

/** Exit codes: 0 restored (or rehearsed), 20 refused and nothing changed, 1 failed; then the same command goes on. */
export async function runRestore({ runtime, place, args, signal }: RuntimeCall): Promise<number> {
  const { values, positionals } = parseVerbArguments(
    args,
    { 'key-file': { type: 'string' }, rehearse: { type: 'boolean' }, yes: { type: 'boolean' }, 'take-over': { type: 'boolean' } },
    1,
  );
  const file = positionals[0];
  if (file === undefined) throw new UsageError('--restore needs the file of the backup');
  const path = resolve(file);
  const site = await runtime.open(place, signal);
  const key = await findKey(site.facts, values['key-file']);
  await access(path).catch((cause: unknown) => {
    throw new ObstacleError(`${path}: cannot be read`, { cause });
  });
  if (values.rehearse === true) return await rehearse(site, { path, key, signal });
  await using backup = await openBackup(place.home, { path, key, signal }).catch((cause: unknown) => {
    throw new ObstacleError(`${path} cannot be restored; nothing was changed`, { cause });
  });
  for (const line of await requireRelease({ facts: site.facts, backup: backup.manifest, takesOver: values['take-over'] === true }))
    console.log(line);
  if (site.hasDatabase) await agree(site, { backup, isAgreed: values.yes === true, signal });
  await restore({ runtime, place, signal }, site, backup);
  const { manifest } = backup;
  console.log(`Restored: ${countRows(manifest.tables)} rows of ${manifest.madeAt}, by release ${manifest.release}.`);
  return EXIT.ok;
}

/** From the file named, or this installation's own. */
async function findKey({ home, secrets }: Facts, keyFile: string | undefined): Promise<string> {
  if (keyFile === undefined) {
    if (secrets?.backupKey === undefined)
      throw new ObstacleError(`${home}/secrets.json has no backup key: name the file with the key of the recovery sheet with --key-file`);
    return secrets.backupKey;
  }
  const text = await readFile(resolve(keyFile), 'utf8').catch((cause: unknown) => {
    throw new ObstacleError(`${keyFile}: cannot be read`, { cause });
  });
  const key = text.split(/\s+/).find((word) => BACKUP_KEY_PATTERN.test(word));
  if (key === undefined) throw new ObstacleError(`${keyFile}: holds no backup key (AGE-SECRET-KEY-1 and 58 characters)`);
  return key;
}

/** Says what is lost; throws while calls are up or when nobody agrees. */
async function agree(
  site: Site,
  { backup, isAgreed, signal }: { readonly backup: OpenBackup; readonly isAgreed: boolean; readonly signal: AbortSignal },
): Promise<void> {
  await refuseWhileCallsAreUp(site, null);
  if (site.isDatabaseUp) {
    // A power cut in the midst of an exchange leaves it closed, and the restore that is run again must read it.
    await allowConnections(site.database());
    const losses = listLosses(backup.manifest.tables, await readTables(site.database()));
    console.log(`The database of this machine is replaced by that of ${backup.manifest.madeAt}. What differs now and is lost:`);
    for (const loss of losses) console.log(`  ${loss}`);
    if (losses.length === 0) console.log('  nothing');
  }
  if (isAgreed) return;
  if (!isInteractive()) throw new ObstacleError('not agreed to: say --yes (a --backup before it is a way back)');
  if ((await ask('Replace it? (yes/no) ', signal)) !== 'yes') throw new ObstacleError('not agreed to: nothing was changed');
}

/**
 * Secrets first: the database's roles, tokens and passwords only work with those that they were made with. Then an installation to restore into,
 * the database, the files, and once more everything that a run puts right.
 */
async function restore({ runtime, place, signal }: Omit<RuntimeCall, 'args'>, before: Site, backup: OpenBackup): Promise<void> {
  const { home } = place;
  await restoreSettings(before, backup);
  if (!(await runtime.open(place, signal)).isMade) await runtime.provision(place, signal);
  await stopForChange(await runtime.open(place, signal), null);
  const site = await runtime.open(place, signal);
  if (!site.isDatabaseUp) await site.startDatabase(signal);
  // Before the exchange: cut short after it, the next run brings the restored schema to this release's.
  await updateState(home, (state) => ({
    migrations: '',
    demo: { digest: '', answer: null },
    ...(state.testCall ? { testCall: { ...state.testCall, digest: '' } } : {}),
  }));
  await replaceDatabase(site.database(), {
    dump: join(backup.folder, DUMP_FILE),
    signal,
    check: (found) => {
      const differences = compareTables(backup.manifest.tables, found);
      if (differences.length > 0) throw new Error(`the restored database is not the one that was saved: ${differences.join('; ')}`);
    },
  });
  // Events of calls that the restored database does not know.
  await rm(await site.journalFolder(), { recursive: true, force: true });
  await restoreFolders(site, backup, signal);
  await runtime.provision(place, signal);
}

/** What is there already stays. The owners are this machine's: the numbers of users differ from machine to machine. */
async function restoreFolders(site: Site, { folder, manifest }: OpenBackup, signal: AbortSignal): Promise<void> {
  for (const name of manifest.folders) {
    const { path, owner } = await site.findFolder(name);
    await mkdir(path, { recursive: true });
    await runCommand(['chown', '-R', owner, join(folder, name)], { timeoutMs: COPY_TIMEOUT_MS });
    await mergeFolder(join(folder, name), { into: path, signal });
  }
}
