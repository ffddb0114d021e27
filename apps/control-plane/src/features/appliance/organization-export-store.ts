// What an export holds of an organization, read by pages, and what its row says of the export.
import type { SQL } from 'drizzle-orm';
import { and, asc, eq, gt, gte, isNotNull, sql } from 'drizzle-orm';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import type { Database } from '#db/client.ts';
import { agents, agentVersions } from '#db/schema/agents.ts';
import { apiTokens } from '#db/schema/api-tokens.ts';
import { auditEntries } from '#db/schema/audit.ts';
import { appointments, bookingCalendars, bookingServices, bookingStaff, bookingStaffServices } from '#db/schema/booking.ts';
import { callEvents } from '#db/schema/call-events.ts';
import { callOutcomes } from '#db/schema/call-outcomes.ts';
import { callerMessages } from '#db/schema/caller-messages.ts';
import { calls } from '#db/schema/calls.ts';
import { contactFacts, contacts } from '#db/schema/contacts.ts';
import { conversations, conversationTurns, turnTraces } from '#db/schema/conversations.ts';
import { httpTools } from '#db/schema/http-tools.ts';
import { ragChunks, ragDocuments } from '#db/schema/knowledge.ts';
import { legQualities } from '#db/schema/leg-qualities.ts';
import { numbers } from '#db/schema/numbers.ts';
import { organizations } from '#db/schema/organizations.ts';
import { phones } from '#db/schema/phones.ts';
import { plans } from '#db/schema/plans.ts';
import { turnGaps } from '#db/schema/turn-gaps.ts';
import { turns } from '#db/schema/turns.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import type { Actor } from '#shared/actor.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import { onOrganization } from '#shared/appliance-scope.ts';
import type { OrganizationId } from '#shared/id.ts';

/** An export as the organization's row knows it. */
export type StoredExport = { readonly file: string; readonly bytes: number; readonly sha256: string; readonly exportedAt: Date };
/** An organization with what its deletion and its export need. */
export type ExportSubject = {
  readonly organizationId: OrganizationId;
  readonly slug: string;
  readonly deletionRequestedAt: Date | null;
  readonly deleteAfter: Date | null;
  readonly export: StoredExport | null;
};
/** A recording to take along. */
export type ExportedRecording = { readonly callId: string; readonly recordingPath: string };

/** One file of an export. */
type ExportedTable = {
  /** Name of the file without its ending. */
  readonly name: string;
  readonly table: PgTable;
  readonly of: (organizationId: OrganizationId) => SQL | undefined;
  /** Unique within the organization. */
  readonly key: readonly [PgColumn, ...PgColumn[]];
  /** Columns that open something, or say nothing outside, and therefore stay here. */
  readonly without?: readonly [string, ...string[]];
};

/** Every table that holds rows of an organization, but for stored answers to repeated requests, work that is still to be done, what only finds documents, and the chain's head. */
export const exportedTables: readonly ExportedTable[] = [
  { name: 'organization', table: organizations, of: (id) => eq(organizations.id, id), key: [organizations.id] },
  {
    name: 'plan',
    table: plans,
    of: (id) => sql`${plans.id} = (select plan_id from organizations o where o.id = ${id})`,
    key: [plans.id],
  },
  { name: 'agents', table: agents, of: (id) => eq(agents.orgId, id), key: [agents.id] },
  {
    name: 'agent_versions',
    table: agentVersions,
    of: (id) => eq(agentVersions.orgId, id),
    key: [agentVersions.agentId, agentVersions.version],
  },
  { name: 'booking_calendars', table: bookingCalendars, of: (id) => eq(bookingCalendars.orgId, id), key: [bookingCalendars.orgId] },
  { name: 'booking_services', table: bookingServices, of: (id) => eq(bookingServices.orgId, id), key: [bookingServices.id] },
  { name: 'booking_staff', table: bookingStaff, of: (id) => eq(bookingStaff.orgId, id), key: [bookingStaff.id] },
  {
    name: 'booking_staff_services',
    table: bookingStaffServices,
    of: (id) => eq(bookingStaffServices.orgId, id),
    key: [bookingStaffServices.staffId, bookingStaffServices.serviceId],
  },
  { name: 'appointments', table: appointments, of: (id) => eq(appointments.orgId, id), key: [appointments.id] },
  {
    name: 'documents',
    table: ragDocuments,
    of: (id) => eq(ragDocuments.orgId, id),
    key: [ragDocuments.id],
    // Which process is at work on it.
    without: ['claim', 'claimed_until'],
  },
  // Their text, piece by piece; the files themselves are gone once they are read.
  { name: 'document_pieces', table: ragChunks, of: (id) => eq(ragChunks.orgId, id), key: [ragChunks.documentId, ragChunks.ordinal] },
  { name: 'numbers', table: numbers, of: (id) => eq(numbers.orgId, id), key: [numbers.id] },
  { name: 'phones', table: phones, of: (id) => eq(phones.orgId, id), key: [phones.id], without: ['digest_ha1'] },
  { name: 'api_tokens', table: apiTokens, of: (id) => eq(apiTokens.orgId, id), key: [apiTokens.id], without: ['mac'] },
  { name: 'calls', table: calls, of: (id) => eq(calls.orgId, id), key: [calls.id] },
  { name: 'turns', table: turns, of: (id) => eq(turns.orgId, id), key: [turns.callId, turns.seq] },
  { name: 'turn_gaps', table: turnGaps, of: (id) => eq(turnGaps.orgId, id), key: [turnGaps.callId, turnGaps.seq] },
  { name: 'leg_qualities', table: legQualities, of: (id) => eq(legQualities.orgId, id), key: [legQualities.callId, legQualities.leg] },
  { name: 'call_events', table: callEvents, of: (id) => eq(callEvents.orgId, id), key: [callEvents.callId, callEvents.id] },
  { name: 'call_outcomes', table: callOutcomes, of: (id) => eq(callOutcomes.orgId, id), key: [callOutcomes.callId] },
  { name: 'contacts', table: contacts, of: (id) => eq(contacts.orgId, id), key: [contacts.id] },
  { name: 'contact_facts', table: contactFacts, of: (id) => eq(contactFacts.orgId, id), key: [contactFacts.contactId, contactFacts.name] },
  {
    name: 'conversations',
    table: conversations,
    of: (id) => eq(conversations.orgId, id),
    key: [conversations.id],
    // Which process is at work on it.
    without: ['claimed_until'],
  },
  {
    name: 'conversation_turns',
    table: conversationTurns,
    of: (id) => eq(conversationTurns.orgId, id),
    key: [conversationTurns.conversationId, conversationTurns.seq],
  },
  {
    name: 'turn_traces',
    table: turnTraces,
    of: (id) => eq(turnTraces.orgId, id),
    key: [turnTraces.conversationId, turnTraces.seq],
  },
  { name: 'http_tools', table: httpTools, of: (id) => eq(httpTools.orgId, id), key: [httpTools.id], without: ['sealed_secret'] },
  { name: 'caller_messages', table: callerMessages, of: (id) => eq(callerMessages.orgId, id), key: [callerMessages.id] },
  { name: 'audit_entries', table: auditEntries, of: (id) => eq(auditEntries.orgId, id), key: [auditEntries.seq] },
];

/** Rows read at a time: about 1 MB of turns. */
const PAGE_ROWS = 1_000;

export type OrganizationExportStore = {
  /** Null when there is no such organization. */
  find(scope: ApplianceScope, organizationId: OrganizationId): Promise<ExportSubject | null>;
  /** Organizations that wait to be deleted, the longest waiting first. */
  listWaiting(scope: ApplianceScope): Promise<ExportSubject[]>;
  /** Whether a call began at or after `since`: one that was being set up when the organization was made inactive. */
  hasCallSince(scope: ApplianceScope, organizationId: OrganizationId, since: Date): Promise<boolean>;
  /** The rows of one table as JSON texts, in order. */
  readTable(scope: ApplianceScope, organizationId: OrganizationId, table: ExportedTable): AsyncGenerator<string>;
  /** Every call's recording. */
  readRecordings(scope: ApplianceScope, organizationId: OrganizationId): AsyncGenerator<ExportedRecording>;
  /** Writes down a finished export. False when the deletion was cancelled meanwhile, or asked for anew. */
  record(by: { scope: ApplianceScope; actor: Actor }, subject: ExportSubject, made: StoredExport): Promise<boolean>;
  /** Writes down that the export was taken away. */
  recordDownload(by: { scope: ApplianceScope; actor: Actor }, organizationId: OrganizationId, file: string): Promise<void>;
};

const subjectColumns = {
  organizationId: sql<OrganizationId>`${organizations.id}`,
  slug: organizations.slug,
  deletionRequestedAt: organizations.deletionRequestedAt,
  deleteAfter: organizations.deleteAfter,
  file: organizations.exportFile,
  bytes: organizations.exportBytes,
  sha256: organizations.exportSha256,
  exportedAt: organizations.exportedAt,
};

export function createOrganizationExportStore({ database, audit }: { database: Database; audit: AuditTrail }): OrganizationExportStore {
  return {
    find: (scope, organizationId) =>
      database.inAppliance(scope, async (queries) => {
        const [row] = await queries.select(subjectColumns).from(organizations).where(eq(organizations.id, organizationId));
        return row ? subjectOf(row) : null;
      }),
    listWaiting: (scope) =>
      database.inAppliance(scope, async (queries) => {
        const waiting = queries.select(subjectColumns).from(organizations).where(isNotNull(organizations.deletionRequestedAt));
        return (await waiting.orderBy(asc(organizations.deleteAfter), asc(organizations.id))).map(subjectOf);
      }),
    hasCallSince: (scope, organizationId, since) =>
      database.inAppliance(scope, async (queries) => {
        const begun = and(eq(calls.orgId, organizationId), gte(calls.startedAt, since));
        return (await queries.select({ id: calls.id }).from(calls).where(begun).limit(1)).length > 0;
      }),
    readTable: (scope, organizationId, table) => readTable(database, scope, { organizationId, table }),
    readRecordings: (scope, organizationId) => readRecordings(database, scope, organizationId),
    record: (by, subject, { file, bytes, sha256, exportedAt }) =>
      database.inAppliance(by.scope, async (queries) => {
        const { organizationId, deletionRequestedAt } = subject;
        if (!deletionRequestedAt) return false;
        const updated = await queries
          .update(organizations)
          .set({ exportFile: file, exportBytes: bytes, exportSha256: sha256, exportedAt })
          .where(and(eq(organizations.id, organizationId), eq(organizations.deletionRequestedAt, deletionRequestedAt)))
          .returning({ id: organizations.id });
        if (updated.length === 0) return false;
        const own = { scope: onOrganization(by.scope, organizationId), actor: by.actor };
        const details = { file, bytes, sha256 };
        await audit.append(queries, own, { action: 'organization.exported', resource: organizationId, details });
        return true;
      }),
    recordDownload: (by, organizationId, file) =>
      database.inAppliance(by.scope, async (queries) => {
        const own = { scope: onOrganization(by.scope, organizationId), actor: by.actor };
        await audit.append(queries, own, { action: 'organization.export_downloaded', resource: organizationId, details: { file } });
      }),
  };
}

type SubjectRow = Omit<ExportSubject, 'export'> & { readonly [Key in keyof StoredExport]: StoredExport[Key] | null };

function subjectOf({ file, bytes, sha256, exportedAt, ...subject }: SubjectRow): ExportSubject {
  const isComplete = file !== null && bytes !== null && sha256 !== null && exportedAt !== null;
  return { ...subject, export: isComplete ? { file, bytes, sha256, exportedAt } : null };
}

async function* readTable(
  database: Database,
  scope: ApplianceScope,
  { organizationId, table: exported }: { organizationId: OrganizationId; table: ExportedTable },
): AsyncGenerator<string> {
  const { table, key, without, of } = exported;
  // As text, so that PostgreSQL's own spelling of numbers and times goes into the file.
  const line =
    without === undefined
      ? sql`to_jsonb(${table})::text`
      : sql`(to_jsonb(${table}) - ${sql.raw(`'{${without.join(',')}}'::text[]`)})::text`;
  const keyColumns = Object.fromEntries(key.map((column, index) => [`key${index}`, column]));
  const keyList = sql.join([...key], sql`, `);
  let after: SQL | undefined;
  for (;;) {
    const rows: Record<string, unknown>[] = await database.inAppliance(scope, (queries) =>
      queries
        .select({ line, ...keyColumns })
        .from(table)
        .where(and(of(organizationId), after))
        .orderBy(...key)
        .limit(PAGE_ROWS),
    );
    for (const row of rows) yield String(row['line']);
    const last = rows.at(-1);
    if (!last || rows.length < PAGE_ROWS) return;
    const values = sql.join(
      key.map((_, index) => sql`${last[`key${index}`]}`),
      sql`, `,
    );
    after = sql`(${keyList}) > (${values})`;
  }
}

async function* readRecordings(
  database: Database,
  scope: ApplianceScope,
  organizationId: OrganizationId,
): AsyncGenerator<ExportedRecording> {
  let after = '';
  for (;;) {
    const rows = await database.inAppliance(scope, (queries) =>
      queries
        .select({ callId: calls.id, recordingPath: sql<string>`${calls.recordingPath}` })
        .from(calls)
        .where(and(eq(calls.orgId, organizationId), isNotNull(calls.recordingPath), gt(calls.id, after)))
        .orderBy(asc(calls.id))
        .limit(PAGE_ROWS),
    );
    yield* rows;
    const last = rows.at(-1);
    if (!last || rows.length < PAGE_ROWS) return;
    after = last.callId;
  }
}
