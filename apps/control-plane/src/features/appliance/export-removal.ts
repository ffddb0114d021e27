// Exports do not lie about for ever: each is an organization's whole life in one file, and nobody else's row remembers it once the organization is gone.
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from '#db/client.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import type { Actor } from '#shared/actor.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import type { Log } from '#shared/log.ts';
import { isExportFile, isUnfinishedExport } from './export-archive.ts';
import type { OrganizationExportStore } from './organization-export-store.ts';

export type ExportRemovalParts = {
  readonly database: Database;
  readonly audit: AuditTrail;
  readonly exportStore: Pick<OrganizationExportStore, 'listWaiting'>;
  readonly exportsDir: string;
  /** Days that an export is kept, from its making or from its organization's deletion, whichever is later. */
  readonly exportDays: number;
};
/** One run of the job. */
export type ExportRemovalRun = { readonly scope: ApplianceScope; readonly at: Date; readonly signal: AbortSignal; readonly log: Log };

const DAY_MS = 86_400_000;
/** What a process left behind that died at an export; the longest export takes hours. */
const UNFINISHED_DAYS = 1;
const actor: Actor = { kind: 'job', name: 'export-removal', address: null, requestId: null };

/** Removes the exports that were kept long enough, unless their organization still waits to be deleted, for which it needs its export. */
export async function removeOldExports(parts: ExportRemovalParts, run: ExportRemovalRun): Promise<number> {
  const { exportsDir, exportDays, exportStore, database, audit } = parts;
  const { scope, at, signal, log } = run;
  const needed = new Set((await exportStore.listWaiting(scope)).map((subject) => subject.export?.file));
  let removed = 0;
  for (const file of await listFolder(exportsDir)) {
    signal.throwIfAborted();
    if (needed.has(file)) continue;
    const days = isExportFile(file) ? exportDays : isUnfinishedExport(file) ? UNFINISHED_DAYS : Infinity;
    const keptFrom = await stat(join(exportsDir, file)).catch(() => null);
    if (!keptFrom || at.getTime() - keptFrom.mtimeMs < days * DAY_MS) continue;
    await rm(join(exportsDir, file), { force: true });
    const details = { days, keptFrom: keptFrom.mtime.toISOString() };
    await database.inAppliance(scope, (queries) =>
      audit.append(queries, { scope, actor }, { action: 'export.removed', resource: file, details }),
    );
    log.info({ file, ...details }, 'export removed');
    removed += 1;
  }
  return removed;
}

/** Before the first export there is no folder. */
async function listFolder(folder: string): Promise<string[]> {
  return await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}
