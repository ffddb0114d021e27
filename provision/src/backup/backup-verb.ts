/** `provision.sh --backup`: everything that an empty machine needs to be this one again, in one encrypted file. */
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Facts } from '#facts.ts';
import { parseVerbArguments } from '#lifecycle/arguments.ts';
import { EXIT, ObstacleError } from '#place.ts';
import { requireSpaceForBackup } from '#releases/restore-point.ts';
import type { RuntimeCall, Site } from '#runtime/runtime.ts';
import { withBackupKey, writeSecrets } from '#secrets.ts';
import { updateState } from '#state.ts';
import { writeBackup } from './backup-archive.ts';
import { backupName, backupsFolder, makeBackupsFolder, pruneBackups } from './backup-files.ts';
import type { BackupFolder } from './backup-manifest.ts';
import { rehearseRestore } from './rehearsal.ts';
import { renderRecoverySheet } from './recovery-sheet.ts';
import { countRows } from './table-digests.ts';

/** A restore is rehearsed by itself with the first daily backup after this long. */
const REHEARSAL_INTERVAL_MS = 6.5 * 24 * 3_600_000;

/** Exit codes: 0 the backup is whole, 20 it could not be begun, 1 it failed. */
export async function runBackup({ runtime, place, args, signal }: RuntimeCall): Promise<number> {
  const { values, positionals } = parseVerbArguments(
    args,
    {
      recordings: { type: 'boolean' },
      exports: { type: 'boolean' },
      rehearse: { type: 'boolean' },
      scheduled: { type: 'boolean' },
      'recovery-sheet': { type: 'boolean' },
    },
    1,
  );
  const site = await runtime.open(place, signal);
  const { facts } = site;
  const key = await requireBackupKey(facts);
  if (values['recovery-sheet'] === true) return await showRecoverySheet(facts, key);
  await requireBackupPossible(site);
  await makeBackupsFolder(place.home);
  const own = positionals[0];
  const path = own === undefined ? join(backupsFolder(place.home), backupName(facts.settings.SERVER_NAME, new Date())) : resolve(own);
  const isDaily = values.scheduled === true;
  const withRecordings = isDaily && facts.settings.BACKUP_RECORDINGS === 'true';
  const folders: BackupFolder[] = [
    ...(values.recordings === true || withRecordings ? (['recordings'] as const) : []),
    ...(values.exports === true || withRecordings ? (['exports'] as const) : []),
  ];
  const manifest = await writeBackup(site, { path, key, folders, signal });
  const { size } = await stat(path);
  await updateState(place.home, () => ({ backup: { at: manifest.madeAt, path, bytes: size } }));
  // What is not there yet is not in it.
  const contents = ['the database', 'settings and secrets', ...manifest.folders].join(', ');
  console.log(
    `${path}: ${(size / 1e6).toFixed(1)} MB: ${contents} (${Object.keys(manifest.tables).length} tables, ${countRows(manifest.tables)} rows)`,
  );
  for (const old of own === undefined
    ? await pruneBackups(place.home, { server: facts.settings.SERVER_NAME, keep: facts.settings.BACKUP_KEEP })
    : [])
    console.log(`${old}: removed, ${facts.settings.BACKUP_KEEP} are kept (BACKUP_KEEP)`);
  if (!isDaily && facts.state.recoverySheetAt === undefined) await showRecoverySheet(facts, key);
  if (values.rehearse === true || (isDaily && isRehearsalDue(facts))) return await rehearse(site, { path, key, signal });
  return EXIT.ok;
}

/** Restores the backup beside the database in use, and says whether it gave back what was saved. */
export async function rehearse(
  site: Site,
  backup: { readonly path: string; readonly key: string; readonly signal: AbortSignal },
): Promise<number> {
  const { differences, tables, rows } = await rehearseRestore(site, backup);
  for (const difference of differences) console.error(`  ${difference}`);
  if (differences.length > 0) throw new Error(`${backup.path} does not give back what was saved (${differences.length} tables)`);
  console.log(`Restore rehearsed: ${tables} tables and ${rows} rows came back as they were.`);
  return EXIT.ok;
}

/** The key of this installation's backups. Made here where the installation is from before there were any. */
async function requireBackupKey({ home, secrets }: Facts): Promise<string> {
  if (!secrets) throw new ObstacleError(`nothing is installed in ${home}: there is nothing to save`);
  const complete = await withBackupKey(secrets);
  if (secrets.backupKey === undefined) await writeSecrets(home, complete);
  return complete.backupKey;
}

async function requireBackupPossible(site: Site): Promise<void> {
  if (!site.isDatabaseUp)
    throw new ObstacleError('PostgreSQL does not run, so the database cannot be read: ./provision.sh start, then again');
  await requireSpaceForBackup(site);
}

function isRehearsalDue({ state }: Facts): boolean {
  const last = state.restoreRehearsal;
  return !last?.ok || Date.now() - Date.parse(last.at) > REHEARSAL_INTERVAL_MS;
}

async function showRecoverySheet(facts: Facts, key: string): Promise<number> {
  console.log(renderRecoverySheet({ key, server: facts.settings.SERVER_NAME, home: facts.home, at: new Date() }));
  await updateState(facts.home, () => ({ recoverySheetAt: new Date().toISOString() }));
  return EXIT.ok;
}
