// Calls as they are read afterwards: filtered lists by keyset, and one call with what was said and what happened.
import { and, asc, eq, sql } from 'drizzle-orm';
import type { Database, Queries, ReadScope } from '#db/client.ts';
import type { NoteFields } from '#db/schema/call-events.ts';
import { callEvents } from '#db/schema/call-events.ts';
import { calls } from '#db/schema/calls.ts';
import { legQualities } from '#db/schema/leg-qualities.ts';
import { turnGaps } from '#db/schema/turn-gaps.ts';
import { turns } from '#db/schema/turns.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import type { CallQuery } from './call-conditions.ts';
import { callOrder, matching } from './call-conditions.ts';
import type { CallConversation } from './call-read.ts';
import {
  NOTE_LIMIT,
  noteColumns,
  ofSameTurn,
  qualityColumns,
  readWholeCall,
  summaryColumns,
  TURN_LIMIT,
  turnColumns,
} from './call-read.ts';

/** A call in a list: the row without what was said. `callerNumber` is personal data. */
export type CallSummary = Omit<typeof calls.$inferSelect, 'orgId' | 'id' | 'serverId'> & {
  readonly organizationId: string;
  readonly callId: string;
};
/** A turn of a call. `text` is personal data, and null where the reader has no right to it. */
export type CallTurn = Omit<typeof turns.$inferSelect, 'orgId' | 'callId' | 'text'> & {
  readonly text: string | null;
  /** What the recording shows of the gap that `gapMs` tells; null without one. */
  readonly heardGapMs: number | null;
};
/** A smaller happening of a call. `fields` may hold keys that were pressed; null where the reader has no right to them. */
export type CallNote = { readonly name: string; readonly fields: NoteFields | null; readonly at: Date };
/** How well one side of a call was carried. */
export type LegQualityRow = Omit<typeof legQualities.$inferSelect, 'orgId' | 'callId'>;
/** One call, whole. */
export type CallDetails = {
  readonly call: CallSummary;
  readonly turns: CallTurn[];
  readonly notes: CallNote[];
  readonly qualities: LegQualityRow[];
};

/** The same for its organization, with where its conversation stands; null before a turn changed it. */
export type OwnCallDetails = CallDetails & { readonly conversation: CallConversation | null };

export type CallStore = {
  /** Calls in the order asked for, at most `limit`. */
  list(scope: ReadScope, query: CallQuery): Promise<CallSummary[]>;
  /** Null when there is no such call, or it is another organization's. */
  find(scope: OrgScope, callId: string): Promise<OwnCallDetails | null>;
  /** The row alone, for who asks only whether the call is over. Null as above. */
  findSummary(scope: OrgScope, callId: string): Promise<CallSummary | null>;
  /** The same as `find` without words and without the fields of notes, which the admin may not see just so. */
  outline(scope: ReadScope, callId: string): Promise<CallDetails | null>;
};

const withheldText = { ...turnColumns, text: sql<string | null>`null` };
const withheldFields = { ...noteColumns, fields: sql<NoteFields | null>`null` };

export function createCallStore(database: Database): CallStore {
  return {
    list: (scope, query) =>
      database.inScope(scope, (queries) =>
        queries
          .select(summaryColumns)
          .from(calls)
          .where(matching(scope, query))
          .orderBy(...callOrder(query.sort))
          .limit(query.limit),
      ),
    async find(scope, callId) {
      const [[found]] = await database.read(scope, [readWholeCall(scope, callId)]);
      if (!found) return null;
      const { said, noted, measured, conversation, ...call } = found;
      return { call, turns: said, notes: noted, qualities: measured, conversation };
    },
    findSummary: (scope, callId) => database.inOrg(scope, (queries) => readSummary(queries, scope, callId)),
    outline: (scope, callId) => database.inScope(scope, (queries) => readCall(queries, { scope, callId, isOpen: false })),
  };
}

async function readSummary(queries: Queries, scope: ReadScope, callId: string): Promise<CallSummary | null> {
  const [call] = await queries
    .select(summaryColumns)
    .from(calls)
    .where(and(matching(scope), eq(calls.id, callId)))
    .limit(1);
  return call ?? null;
}

/** Which call is read, and whether with what was said. */
export type CallReading = { readonly scope: ReadScope; readonly callId: string; readonly isOpen: boolean };

/** Reads one call in a transaction of its scope. */
export async function readCall(queries: Queries, { scope, callId, isOpen }: CallReading): Promise<CallDetails | null> {
  const call = await readSummary(queries, scope, callId);
  if (!call) return null;
  // Sent at once: one round trip to the server for all.
  const [said, notes, qualities] = await Promise.all([
    queries
      .select(isOpen ? turnColumns : withheldText)
      .from(turns)
      .leftJoin(turnGaps, ofSameTurn)
      .where(and(eq(turns.orgId, call.organizationId), eq(turns.callId, call.callId)))
      .orderBy(asc(turns.seq))
      .limit(TURN_LIMIT),
    queries
      .select(isOpen ? noteColumns : withheldFields)
      .from(callEvents)
      .where(and(eq(callEvents.orgId, call.organizationId), eq(callEvents.callId, call.callId)))
      .orderBy(asc(callEvents.at), asc(callEvents.position))
      .limit(NOTE_LIMIT),
    queries
      .select(qualityColumns)
      .from(legQualities)
      .where(and(eq(legQualities.orgId, call.organizationId), eq(legQualities.callId, call.callId))),
  ]);
  return { call, turns: said, notes, qualities };
}
