// Recordings by the rows of their calls: where one lies, who asked for it and heard it, and how large each is.
import { and, asc, eq, gt, isNotNull, isNull, lt } from 'drizzle-orm';
import type { Database } from '#db/client.ts';
import { apiTokens } from '#db/schema/api-tokens.ts';
import { calls } from '#db/schema/calls.ts';
import { organizations } from '#db/schema/organizations.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import type { RecordingStorage } from '#ports/recording-storage.ts';
import type { Actor } from '#shared/actor.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import type { RecordingGrant } from './recording-url.ts';

/** What is known of a call's recording. */
export type RecordingState =
  | { readonly kind: 'no_call' }
  | { readonly kind: 'call_is_up' }
  /** Never made, or removed by retention. */
  | { readonly kind: 'none' }
  | { readonly kind: 'kept'; readonly path: string };

export type RecordingStore = {
  find(scope: OrgScope, callId: string): Promise<RecordingState>;
  /** Path of a granted recording; null unless organization and token are good now and the recording is the organization's and kept. */
  findGranted(scope: OrgScope, grant: RecordingGrant): Promise<string | null>;
  noteUrlIssued(scope: OrgScope, grant: RecordingGrant, actor: Actor): Promise<void>;
  noteDownload(scope: OrgScope, grant: RecordingGrant, actor: Actor): Promise<void>;
  /** Writes the sizes of recordings that have none yet, at most `limit`, those of the longest ended calls first. */
  measureRecordings(scope: ApplianceScope, options: { limit: number }): Promise<{ measured: number; missing: number }>;
};

export type RecordingStoreParts = {
  readonly database: Database;
  readonly audit: AuditTrail;
  /** Null where no recordings are made. */
  readonly recordings: RecordingStorage | null;
  readonly clock: Clock;
  readonly log: Log;
};

/** The telephone system joins both sides when the call is over: 1 s for an hour of sound. */
const SETTLE_MS = 10_000;
/** A file that did not appear within this time never will; its size is noted as 0, or it would be looked for every minute for ever. */
const GIVE_UP_MS = 3_600_000;

export function createRecordingStore(parts: RecordingStoreParts): RecordingStore {
  const { database, audit, clock } = parts;
  return {
    find: (scope, callId) =>
      database.inOrg(scope, async (queries) => {
        const [row] = await queries
          .select({ path: calls.recordingPath, bytes: calls.recordingBytes, endedAt: calls.endedAt })
          .from(calls)
          .where(and(eq(calls.orgId, scope.organizationId), eq(calls.id, callId)));
        if (!row) return { kind: 'no_call' };
        if (row.endedAt === null) return { kind: 'call_is_up' };
        return row.path === null || row.bytes === 0 ? { kind: 'none' } : { kind: 'kept', path: row.path };
      }),
    findGranted: (scope, { callId, tokenId }) =>
      database.inOrg(scope, async (queries) => {
        const [row] = await queries
          .select({ path: calls.recordingPath })
          .from(calls)
          .innerJoin(organizations, eq(organizations.id, calls.orgId))
          .innerJoin(apiTokens, eq(apiTokens.orgId, calls.orgId))
          .where(
            and(
              eq(calls.orgId, scope.organizationId),
              eq(calls.id, callId),
              isNotNull(calls.endedAt),
              organizations.active,
              // A link dies with the token that asked for it.
              eq(apiTokens.id, tokenId),
              apiTokens.active,
              gt(apiTokens.expiresAt, clock.wallAt()),
            ),
          );
        return row?.path ?? null;
      }),
    noteUrlIssued: (scope, { callId, nonce, expiresAt }, actor) =>
      database.inOrg(scope, (queries) => {
        const details = { link: nonce, expiresAt: expiresAt.toISOString() };
        return audit.append(queries, { scope, actor }, { action: 'recording.url_issued', resource: callId, details });
      }),
    noteDownload: (scope, { callId, nonce }, actor) =>
      database.inOrg(scope, (queries) =>
        audit.append(queries, { scope, actor }, { action: 'recording.downloaded', resource: callId, details: { link: nonce } }),
      ),
    measureRecordings: (scope, { limit }) => measureRecordings(parts, scope, limit),
  };
}

async function measureRecordings(parts: RecordingStoreParts, scope: ApplianceScope, limit: number) {
  const { database, clock } = parts;
  const nowMs = clock.wallAt().getTime();
  const unmeasured = and(isNotNull(calls.endedAt), isNotNull(calls.recordingPath), isNull(calls.recordingBytes));
  const waiting = await database.inAppliance(scope, (queries) =>
    queries
      .select({ orgId: calls.orgId, callId: calls.id, path: calls.recordingPath, endedAt: calls.endedAt })
      .from(calls)
      .where(and(unmeasured, lt(calls.endedAt, new Date(nowMs - SETTLE_MS))))
      .orderBy(asc(calls.endedAt))
      .limit(limit),
  );
  const sizes: { orgId: string; callId: string; bytes: number }[] = [];
  for (const { orgId, callId, path, endedAt } of waiting) {
    const found = await measure(parts, callId, path ?? '');
    const bytes = found === null && endedAt !== null && nowMs - endedAt.getTime() > GIVE_UP_MS ? 0 : found;
    if (typeof bytes === 'number') sizes.push({ orgId, callId, bytes });
  }
  if (sizes.length > 0) {
    await database.inAppliance(scope, async (queries) => {
      for (const { orgId, callId, bytes } of sizes) {
        await queries
          .update(calls)
          .set({ recordingBytes: bytes })
          .where(and(eq(calls.orgId, orgId), eq(calls.id, callId), unmeasured));
      }
    });
  }
  const missing = sizes.filter(({ bytes }) => bytes === 0).length;
  return { measured: sizes.length - missing, missing };
}

/** Null when there is no file; undefined when the disk would not say: one bad file holds the others up no longer than its turn. */
async function measure({ recordings, log }: RecordingStoreParts, callId: string, path: string): Promise<number | null | undefined> {
  try {
    return recordings === null ? undefined : await recordings.measure(path);
  } catch (error) {
    log.warn({ callId, error: loggableError(error) }, 'a recording cannot be measured');
    return undefined;
  }
}
