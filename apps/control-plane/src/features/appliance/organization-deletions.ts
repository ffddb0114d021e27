// The hourly job behind a deletion: makes the exports that are missing, then deletes the organizations whose time has come.
import type { RecordingStorage } from '#ports/recording-storage.ts';
import type { Actor } from '#shared/actor.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';
import type { OrganizationDeletionStore } from './organization-deletion-store.ts';
import type { ExportSubject, OrganizationExportStore } from './organization-export-store.ts';
import type { OrganizationExports } from './organization-exports.ts';

export type OrganizationDeletionParts = {
  readonly exports: OrganizationExports;
  readonly exportStore: OrganizationExportStore;
  readonly deletions: OrganizationDeletionStore;
  /** Null where no recordings are made. */
  readonly recordings: RecordingStorage | null;
};
/** One run of the job. */
export type DeletionRun = { readonly scope: ApplianceScope; readonly at: Date; readonly signal: AbortSignal; readonly log: Log };

const actor: Actor = { kind: 'job', name: 'organization-deletions', address: null, requestId: null };

/** Deletes what is due and exported. An organization without a complete export stays, whatever its date says. Returns how many were deleted. */
export async function deleteDueOrganizations(parts: OrganizationDeletionParts, run: DeletionRun): Promise<number> {
  const { scope, at, signal, log } = run;
  // One that cannot be exported keeps no other one from going.
  const exporting = await parts.exports.makeMissing({ signal }).then(
    () => null,
    (error: unknown) => ({ error }),
  );
  let deleted = 0;
  for (const subject of await parts.exportStore.listWaiting(scope)) {
    signal.throwIfAborted();
    const { organizationId, deleteAfter } = subject;
    if (!deleteAfter || deleteAfter > at) continue;
    if (!(await parts.exports.isComplete(subject))) log.warn({ organizationId }, 'organization is due to be deleted and has no export yet');
    else if (await deleteForGood(parts, { ...run, subject })) deleted += 1;
  }
  if (exporting) {
    log.error({ error: loggableError(exporting.error) }, 'an organization that is to be deleted could not be exported');
    throw exporting.error;
  }
  return deleted;
}

async function deleteForGood(parts: OrganizationDeletionParts, run: DeletionRun & { subject: ExportSubject }): Promise<boolean> {
  const { scope, at, signal, log, subject } = run;
  const { organizationId, slug } = subject;
  let deletedCalls = 0;
  let deletedRecordings = 0;
  for (;;) {
    signal.throwIfAborted();
    const next = await parts.deletions.nextCalls(scope, organizationId, at);
    if (!next) break;
    for (const path of next.recordingPaths) if (await parts.recordings?.remove(path)) deletedRecordings += 1;
    await parts.deletions.deleteCalls(scope, organizationId, next.ids);
    deletedCalls += next.ids.length;
  }
  const { file, sha256 } = subject.export ?? {};
  const details = { slug, calls: deletedCalls, recordings: deletedRecordings, export: { file, sha256 } };
  const isDeleted = await parts.deletions.deleteOrganization({ scope, actor }, organizationId, { at, details });
  if (!isDeleted) return false;
  await parts.exports.keepFrom(subject, at);
  log.info({ organizationId, ...details }, 'organization deleted for good');
  return true;
}
