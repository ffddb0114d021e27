// Deletes an organization for good once its time has come: everything but the audit chain, which outlives it.
import { and, asc, eq, inArray, isNotNull, lte } from 'drizzle-orm';
import type { Database, Queries } from '#db/client.ts';
import { agents } from '#db/schema/agents.ts';
import { apiTokens } from '#db/schema/api-tokens.ts';
import { appointments, bookingCalendars, bookingServices, bookingStaff } from '#db/schema/booking.ts';
import { calls } from '#db/schema/calls.ts';
import { contacts } from '#db/schema/contacts.ts';
import { idempotencyKeys } from '#db/schema/idempotency-keys.ts';
import { jobs } from '#db/schema/jobs.ts';
import { numbers } from '#db/schema/numbers.ts';
import { organizations } from '#db/schema/organizations.ts';
import { phones } from '#db/schema/phones.ts';
import { announceAccessChange } from '#features/access/access-change-store.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import type { Actor } from '#shared/actor.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import type { OrganizationId } from '#shared/id.ts';

export type OrganizationDeletionStore = {
  /**
   * Paths of the recordings of the next calls to go, whose files are removed before the rows. Null when there is no call left, or the
   * organization is no longer to be deleted at `at`.
   */
  nextCalls(scope: ApplianceScope, organizationId: OrganizationId, at: Date): Promise<{ ids: string[]; recordingPaths: string[] } | null>;
  /** Deletes those calls with what was said in them. */
  deleteCalls(scope: ApplianceScope, organizationId: OrganizationId, ids: readonly string[]): Promise<void>;
  /** Deletes the rest and the organization itself. False, and nothing is deleted, when it is no longer to be deleted at `at`. */
  deleteOrganization(
    by: { scope: ApplianceScope; actor: Actor },
    organizationId: OrganizationId,
    { at, details }: { at: Date; details: Readonly<Record<string, unknown>> },
  ): Promise<boolean>;
};

/** Calls deleted in one transaction, each with its turns: well below the limit of a statement. */
const BATCH_CALLS = 500;

export function createOrganizationDeletionStore(parts: { database: Database; audit: AuditTrail }): OrganizationDeletionStore {
  const { database, audit } = parts;
  return {
    nextCalls: (scope, organizationId, at) =>
      database.inAppliance(scope, async (queries) => {
        if (!(await isDue(queries, organizationId, at))) return null;
        const rows = await queries
          .select({ id: calls.id, recordingPath: calls.recordingPath })
          .from(calls)
          .where(and(eq(calls.orgId, organizationId), isNotNull(calls.endedAt)))
          .orderBy(asc(calls.id))
          .limit(BATCH_CALLS);
        if (rows.length === 0) return null;
        return { ids: rows.map(({ id }) => id), recordingPaths: rows.flatMap(({ recordingPath }) => recordingPath ?? []) };
      }),
    deleteCalls: (scope, organizationId, ids) =>
      database.inAppliance(scope, async (queries) => {
        await queries.delete(calls).where(and(eq(calls.orgId, organizationId), inArray(calls.id, [...ids])));
      }),
    deleteOrganization: (by, organizationId, { at, details }) =>
      database.inAppliance(by.scope, async (queries) => {
        if (!(await isDue(queries, organizationId, at))) return false;
        // What refers before what is referred to; versions, turns, notes and facts go with their owners.
        for (const booked of [appointments, bookingStaff, bookingServices, bookingCalendars]) {
          await queries.delete(booked).where(eq(booked.orgId, organizationId));
        }
        await queries.delete(numbers).where(eq(numbers.orgId, organizationId));
        await queries.delete(phones).where(eq(phones.orgId, organizationId));
        await queries.delete(apiTokens).where(eq(apiTokens.orgId, organizationId));
        await queries.delete(idempotencyKeys).where(eq(idempotencyKeys.orgId, organizationId));
        await queries.delete(jobs).where(eq(jobs.orgId, organizationId));
        await queries.delete(contacts).where(eq(contacts.orgId, organizationId));
        await queries.delete(agents).where(eq(agents.orgId, organizationId));
        await queries.delete(organizations).where(eq(organizations.id, organizationId));
        await audit.append(queries, by, { action: 'organization.deleted', resource: organizationId, details });
        await announceAccessChange(queries, { kind: 'organization', organizationId });
        return true;
      }),
  };
}

/** Locks the organization's row, so that a restore waits or comes first. */
async function isDue(queries: Queries, organizationId: OrganizationId, at: Date): Promise<boolean> {
  const due = and(eq(organizations.id, organizationId), isNotNull(organizations.deletionRequestedAt), lte(organizations.deleteAfter, at));
  return (await queries.select({ id: organizations.id }).from(organizations).where(due).for('update')).length > 0;
}
