/** Restores a backup into a database of its own, compares it with what was saved, and throws it away: only then is a backup one. */
import { join } from 'node:path';
import type { Site } from '#runtime/runtime.ts';
import { updateState } from '#state.ts';
import { openBackup } from './backup-archive.ts';
import { DUMP_FILE } from './backup-manifest.ts';
import { dropDatabase, readTables, REHEARSAL_DATABASE, restoreInto } from './database-copy.ts';
import { compareTables, countRows } from './table-digests.ts';

export type Rehearsal = {
  /** What differs, table by table; none when the backup gives back what was saved. */
  readonly differences: readonly string[];
  readonly tables: number;
  readonly rows: number;
  readonly madeAt: string;
};

/** Rehearses on the running server, beside the database that is in use, and records how it went. Throws when the file cannot be opened. */
export async function rehearseRestore(
  site: Site,
  backup: { readonly path: string; readonly key: string; readonly signal: AbortSignal },
): Promise<Rehearsal> {
  try {
    const rehearsal = await compareRestored(site, backup);
    await record(site.facts.home, rehearsal.differences.length === 0);
    return rehearsal;
  } catch (error) {
    if (!backup.signal.aborted) await record(site.facts.home, false);
    throw error;
  }
}

async function compareRestored(
  site: Site,
  backup: { readonly path: string; readonly key: string; readonly signal: AbortSignal },
): Promise<Rehearsal> {
  const database = site.database();
  await using opened = await openBackup(site.facts.home, backup);
  const { manifest, folder } = opened;
  try {
    await restoreInto(database, { dump: join(folder, DUMP_FILE), database: REHEARSAL_DATABASE, signal: backup.signal });
    const found = await readTables(database, REHEARSAL_DATABASE);
    const differences = compareTables(manifest.tables, found);
    return { differences, tables: Object.keys(found).length, rows: countRows(found), madeAt: manifest.madeAt };
  } finally {
    await dropDatabase(database, REHEARSAL_DATABASE);
  }
}

async function record(home: string, ok: boolean): Promise<void> {
  await updateState(home, () => ({ restoreRehearsal: { at: new Date().toISOString(), ok } }));
}
