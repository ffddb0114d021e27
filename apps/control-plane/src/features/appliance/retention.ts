// The daily job that removes what has been kept long enough, and writes down how much it was.
import type { Database } from '#db/client.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import type { RecordingStorage } from '#ports/recording-storage.ts';
import type { Actor } from '#shared/actor.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import { onOrganization } from '#shared/appliance-scope.ts';
import type { OrganizationId } from '#shared/id.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';
import type { AgedCall, RetentionStore, RetentionTerms } from './retention-store.ts';
import { RETENTION_BATCH } from './retention-store.ts';

export type RetentionParts = {
  readonly store: RetentionStore;
  readonly database: Database;
  readonly audit: AuditTrail;
  /** Null where no recordings are made. */
  readonly recordings: RecordingStorage | null;
};
/** One run of the job. */
export type RetentionRun = { readonly scope: ApplianceScope; readonly at: Date; readonly signal: AbortSignal; readonly log: Log };

const DAY_MS = 86_400_000;
/** Calls of nobody's numbers belong to no plan; a month is enough to look into who dials them. */
const REJECTED_DAYS = 30;
const actor: Actor = { kind: 'job', name: 'retention', address: null, requestId: null };

/** Removes what is too old, organization by organization; one that fails keeps the others from nothing, and is thrown at the end. */
export async function removeExpiredData(parts: RetentionParts, run: RetentionRun): Promise<void> {
  const failures: unknown[] = [];
  for (const terms of await parts.store.listTerms(run.scope)) {
    run.signal.throwIfAborted();
    await removeOfOrganization(parts, run, terms).catch((error: unknown) => {
      run.log.error({ organizationId: terms.organizationId, error: loggableError(error) }, 'retention failed for an organization');
      failures.push(error);
    });
  }
  await removeRejected(parts, run);
  if (failures.length > 0) throw new Error(`retention failed for ${failures.length} organization(s)`, { cause: failures[0] });
}

async function removeOfOrganization(parts: RetentionParts, run: RetentionRun, terms: RetentionTerms): Promise<void> {
  const { store } = parts;
  const { scope } = run;
  const { organizationId } = terms;
  const recordingsBefore = daysBefore(run.at, terms.recordingDays);
  const callsBefore = daysBefore(run.at, terms.textDays);
  const failures: unknown[] = [];
  const takeAll = (batches: Batches) => takeBatches({ recordings: parts.recordings, signal: run.signal, failures }, batches);
  const forget = (ids: readonly string[]) => store.forgetRecordings(scope, organizationId, ids);
  const recordings = await takeAll({
    next: (after) => store.listRecordings(scope, organizationId, { before: recordingsBefore, after }),
    take: forget,
  });
  // A plan may keep texts for a shorter time than sound: no file is left without its row.
  const calls = await takeAll({
    next: (after) => store.listCalls(scope, organizationId, { before: callsBefore, after }),
    take: (ids) => store.deleteCalls(scope, organizationId, ids),
  });
  const overStorage = await takeAll({ next: () => store.listOverStorage(scope, organizationId, terms.storageBytes), take: forget });
  const chats = await inBatches(run.signal, () => store.deleteChats(scope, organizationId, callsBefore));
  const messages = await inBatches(run.signal, () => store.deleteMessages(scope, organizationId, callsBefore));
  const contacts = await inBatches(run.signal, () => store.deleteContacts(scope, organizationId, callsBefore));
  const appointments = await untilNone(run.signal, () => store.deleteAppointments(scope, organizationId, callsBefore));
  if (recordings + calls + overStorage + chats + messages + contacts + appointments > 0) {
    const removed = {
      recordings,
      recordingsBefore: recordingsBefore.toISOString(),
      calls,
      chats,
      messages,
      contacts,
      appointments,
      callsBefore: callsBefore.toISOString(),
    };
    const details = { ...removed, overStorage, storageBytes: terms.storageBytes };
    await record(parts, { scope, organizationId }, details);
    run.log.info({ organizationId, removed: details }, 'data removed by retention');
  }
  if (failures.length > 0) throw new Error(`${failures.length} recording(s) could not be removed`, { cause: failures[0] });
}

async function removeRejected({ store, database, audit }: RetentionParts, { scope, at, signal, log }: RetentionRun): Promise<void> {
  const before = daysBefore(at, REJECTED_DAYS);
  const rejectedCalls = await inBatches(signal, () => store.deleteRejected(scope, before));
  if (rejectedCalls === 0) return;
  const details = { rejectedCalls, before: before.toISOString() };
  await database.inAppliance(scope, (queries) =>
    audit.append(queries, { scope, actor }, { action: 'retention.applied', resource: 'rejected_calls', details }),
  );
  log.info({ removed: details }, 'rejected calls removed by retention');
}

/** Goes on until a batch is not full. Returns how many rows were taken. */
async function inBatches(signal: AbortSignal, take: () => Promise<number>): Promise<number> {
  let count = 0;
  for (let batch = RETENTION_BATCH; batch === RETENTION_BATCH; count += batch) {
    signal.throwIfAborted();
    batch = await take();
  }
  return count;
}

/** Goes on until nothing is left to take, where taking some lets others go. Returns how many rows were taken. */
async function untilNone(signal: AbortSignal, take: () => Promise<number>): Promise<number> {
  let count = 0;
  for (let taken = 1; taken > 0; count += taken) {
    signal.throwIfAborted();
    taken = await take();
  }
  return count;
}

async function record(
  { database, audit }: RetentionParts,
  { scope, organizationId }: { scope: ApplianceScope; organizationId: OrganizationId },
  details: Readonly<Record<string, unknown>>,
): Promise<void> {
  const own = onOrganization(scope, organizationId);
  await database.inAppliance(own, (queries) =>
    audit.append(queries, { scope: own, actor }, { action: 'retention.applied', resource: organizationId, details }),
  );
}

type Taking = { readonly recordings: RecordingStorage | null; readonly signal: AbortSignal; readonly failures: unknown[] };
type Batches = {
  /** The next calls, by the id of the last one before. */
  readonly next: (after: string) => Promise<AgedCall[]>;
  readonly take: (callIds: readonly string[]) => Promise<void>;
};

/** Goes on until a batch is not full, or nothing of it could be removed. Returns how many calls were taken. */
async function takeBatches({ recordings, signal, failures }: Taking, { next, take }: Batches): Promise<number> {
  let count = 0;
  let after = '';
  for (;;) {
    signal.throwIfAborted();
    const batch = await next(after);
    const ids = await removeFiles(recordings, batch, failures);
    if (ids.length > 0) await take(ids);
    count += ids.length;
    after = batch.at(-1)?.callId ?? after;
    if (batch.length < RETENTION_BATCH || ids.length === 0) return count;
  }
}

/**
 * Files first: a row whose file is gone is met again at the next run, a file without a row never. A missing file is no error, and one that will not
 * go keeps its row and nobody else's. Returns the calls without a file.
 */
async function removeFiles(recordings: RecordingStorage | null, batch: readonly AgedCall[], failures: unknown[]): Promise<string[]> {
  const ids: string[] = [];
  for (const { callId, recordingPath } of batch) {
    try {
      if (recordingPath !== null) await recordings?.remove(recordingPath);
      ids.push(callId);
    } catch (error) {
      failures.push(error);
    }
  }
  return ids;
}

function daysBefore(at: Date, days: number): Date {
  return new Date(at.getTime() - days * DAY_MS);
}
