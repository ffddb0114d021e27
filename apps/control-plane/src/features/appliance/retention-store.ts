// What has been kept long enough: recordings and calls by their organization's plan, and calls that nobody's number took.
import type { SQL } from 'drizzle-orm';
import { and, asc, eq, gt, inArray, isNotNull, lt, ne, not, sql } from 'drizzle-orm';
import type { Database } from '#db/client.ts';
import { appointments } from '#db/schema/booking.ts';
import { callerMessages } from '#db/schema/caller-messages.ts';
import { calls, rejectedCalls } from '#db/schema/calls.ts';
import { contacts } from '#db/schema/contacts.ts';
import { conversations } from '#db/schema/conversations.ts';
import { organizations } from '#db/schema/organizations.ts';
import { plans } from '#db/schema/plans.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import type { OrganizationId } from '#shared/id.ts';

/** How long an organization's plan lets it keep things. */
export type RetentionTerms = {
  readonly organizationId: OrganizationId;
  readonly recordingDays: number;
  readonly textDays: number;
  /** Of all its recordings together. */
  readonly storageBytes: number;
};
/** A call with what it has on the disk. */
export type AgedCall = { readonly callId: string; readonly recordingPath: string | null };

export type RetentionStore = {
  listTerms(scope: ApplianceScope): Promise<RetentionTerms[]>;
  /** Ended calls that began before `before` and still have a recording: the next ones after `after`, by id. */
  listRecordings(scope: ApplianceScope, organizationId: OrganizationId, page: { before: Date; after: string }): Promise<AgedCall[]>;
  /** Ended calls that began before `before`: the next ones after `after`, by id. */
  listCalls(scope: ApplianceScope, organizationId: OrganizationId, page: { before: Date; after: string }): Promise<AgedCall[]>;
  /** Recordings that do not fit into `storageBytes` beside the younger ones, the oldest first. */
  listOverStorage(scope: ApplianceScope, organizationId: OrganizationId, storageBytes: number): Promise<AgedCall[]>;
  /** Their rows no longer say that there is a recording. */
  forgetRecordings(scope: ApplianceScope, organizationId: OrganizationId, callIds: readonly string[]): Promise<void>;
  /** Deletes calls with what was said and what happened in them. */
  deleteCalls(scope: ApplianceScope, organizationId: OrganizationId, callIds: readonly string[]): Promise<void>;
  /** Deletes chats whose last message is from before `before`, with what was said in them, one batch. Returns how many. */
  deleteChats(scope: ApplianceScope, organizationId: OrganizationId, before: Date): Promise<number>;
  /** Deletes messages that callers left before `before`, one batch, dealt with or not. Returns how many. */
  deleteMessages(scope: ApplianceScope, organizationId: OrganizationId, before: Date): Promise<number>;
  /** Deletes contacts who last called before `before` and never agreed to be remembered, one batch. Returns how many. */
  deleteContacts(scope: ApplianceScope, organizationId: OrganizationId, before: Date): Promise<number>;
  /**
   * Deletes appointments that ended before `before`, one batch, but for those that a kept one took the place of. Returns how many: those that were
   * replaced by one of the batch are the next one's.
   */
  deleteAppointments(scope: ApplianceScope, organizationId: OrganizationId, before: Date): Promise<number>;
  /** Deletes calls of nobody's numbers from before `before`, one batch. Returns how many; fewer than a batch means that none is left. */
  deleteRejected(scope: ApplianceScope, before: Date): Promise<number>;
};

/** Rows of one transaction: with their turns well below the limit of a statement. */
export const RETENTION_BATCH = 500;

export function createRetentionStore(database: Database): RetentionStore {
  const list = (scope: ApplianceScope, where: SQL | undefined): Promise<AgedCall[]> =>
    database.inAppliance(scope, (queries) =>
      queries
        .select({ callId: calls.id, recordingPath: calls.recordingPath })
        .from(calls)
        .where(and(isNotNull(calls.endedAt), where))
        .orderBy(asc(calls.id))
        .limit(RETENTION_BATCH),
    );
  const aged = (organizationId: OrganizationId, { before, after }: { before: Date; after: string }) =>
    and(eq(calls.orgId, organizationId), lt(calls.startedAt, before), gt(calls.id, after));
  const these = (organizationId: OrganizationId, callIds: readonly string[]) =>
    and(eq(calls.orgId, organizationId), inArray(calls.id, [...callIds]));

  return {
    listTerms: (scope) =>
      database.inAppliance(scope, (queries) =>
        queries
          .select({
            organizationId: sql<OrganizationId>`${organizations.id}`,
            recordingDays: plans.recordingRetentionDays,
            textDays: plans.textRetentionDays,
            storageBytes: plans.storageBytes,
          })
          .from(organizations)
          .innerJoin(plans, eq(plans.id, organizations.planId))
          .orderBy(asc(organizations.id)),
      ),
    listRecordings: (scope, organizationId, page) => list(scope, and(aged(organizationId, page), isNotNull(calls.recordingPath))),
    listCalls: (scope, organizationId, page) => list(scope, aged(organizationId, page)),
    listOverStorage: (scope, organizationId, storageBytes) => listOverStorage(database, scope, { organizationId, storageBytes }),
    forgetRecordings: (scope, organizationId, callIds) =>
      database.inAppliance(scope, async (queries) => {
        await queries.update(calls).set({ recordingPath: null, recordingBytes: null }).where(these(organizationId, callIds));
      }),
    deleteCalls: (scope, organizationId, callIds) =>
      database.inAppliance(scope, async (queries) => {
        await queries.delete(calls).where(these(organizationId, callIds));
      }),
    deleteChats: (scope, organizationId, before) =>
      database.inAppliance(scope, async (queries) => {
        const { orgId, id, channel, updatedAt } = conversations;
        const old = and(eq(orgId, organizationId), eq(channel, 'chat'), lt(updatedAt, before));
        const batch = queries.select({ id }).from(conversations).where(old).orderBy(asc(updatedAt)).limit(RETENTION_BATCH);
        const which = and(eq(orgId, organizationId), inArray(id, batch));
        return (await queries.delete(conversations).where(which).returning({ id })).length;
      }),
    deleteMessages: (scope, organizationId, before) => deleteMessages(database, scope, { organizationId, before }),
    deleteContacts: (scope, organizationId, before) => deleteContacts(database, scope, { organizationId, before }),
    deleteAppointments: (scope, organizationId, before) => deleteAppointments(database, scope, { organizationId, before }),
    deleteRejected: (scope, before) =>
      database.inAppliance(scope, async (queries) => {
        const old = queries.select({ id: rejectedCalls.id }).from(rejectedCalls).where(lt(rejectedCalls.rejectedAt, before));
        const batch = old.orderBy(asc(rejectedCalls.rejectedAt)).limit(RETENTION_BATCH);
        return (await queries.delete(rejectedCalls).where(inArray(rejectedCalls.id, batch)).returning({ id: rejectedCalls.id })).length;
      }),
  };
}

type Old = { readonly organizationId: OrganizationId; readonly before: Date };

function deleteMessages(database: Database, scope: ApplianceScope, { organizationId, before }: Old): Promise<number> {
  return database.inAppliance(scope, async (queries) => {
    const { orgId, id, createdAt } = callerMessages;
    const old = and(eq(orgId, organizationId), lt(createdAt, before));
    const batch = queries.select({ id }).from(callerMessages).where(old).orderBy(asc(id)).limit(RETENTION_BATCH);
    const which = and(eq(orgId, organizationId), inArray(id, batch));
    return (await queries.delete(callerMessages).where(which).returning({ id })).length;
  });
}

function deleteContacts(database: Database, scope: ApplianceScope, { organizationId, before }: Old): Promise<number> {
  return database.inAppliance(scope, async (queries) => {
    const { orgId, id, consent, lastSeenAt } = contacts;
    const old = and(eq(orgId, organizationId), lt(lastSeenAt, before), ne(consent, 'granted'));
    const batch = queries.select({ id }).from(contacts).where(old).orderBy(asc(id)).limit(RETENTION_BATCH);
    const which = and(eq(orgId, organizationId), inArray(id, batch));
    return (await queries.delete(contacts).where(which).returning({ id })).length;
  });
}

function deleteAppointments(database: Database, scope: ApplianceScope, { organizationId, before }: Old): Promise<number> {
  return database.inAppliance(scope, async (queries) => {
    const { orgId, id, endsAt } = appointments;
    const isReplaced = sql`exists (select from appointments later where later.org_id = ${orgId} and later.replaces = ${id})`;
    const old = and(eq(orgId, organizationId), lt(endsAt, before), not(isReplaced));
    const batch = queries.select({ id }).from(appointments).where(old).orderBy(asc(id)).limit(RETENTION_BATCH);
    const which = and(eq(orgId, organizationId), inArray(id, batch));
    return (await queries.delete(appointments).where(which).returning({ id })).length;
  });
}

type Storage = { readonly organizationId: OrganizationId; readonly storageBytes: number };

/** Taking the oldest away changes no sum of a younger one: batch after batch comes to the same end. */
function listOverStorage(database: Database, scope: ApplianceScope, { organizationId, storageBytes }: Storage): Promise<AgedCall[]> {
  return database.inAppliance(scope, (queries) => {
    const measured = and(eq(calls.orgId, organizationId), isNotNull(calls.endedAt), gt(calls.recordingBytes, 0));
    const kept = queries
      .select({
        callId: calls.id,
        recordingPath: calls.recordingPath,
        startedAt: calls.startedAt,
        bytes: sql<number>`sum(${calls.recordingBytes}) over (order by ${calls.startedAt} desc, ${calls.id} desc)`.as('bytes'),
      })
      .from(calls)
      .where(measured)
      .as('kept');
    return queries
      .select({ callId: kept.callId, recordingPath: kept.recordingPath })
      .from(kept)
      .where(gt(kept.bytes, storageBytes))
      .orderBy(asc(kept.startedAt), asc(kept.callId))
      .limit(RETENTION_BATCH);
  });
}
