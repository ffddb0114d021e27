// Calls as they are read afterwards: lists by keyset, and one call with what was said and what happened.
import type { SQL } from 'drizzle-orm';
import { and, asc, desc, eq, getTableColumns, isNull, lt, sql } from 'drizzle-orm';
import type { Database, Queries, ReadScope } from '#db/client.ts';
import type { NoteFields } from '#db/schema/call-events.ts';
import { callEvents } from '#db/schema/call-events.ts';
import { calls } from '#db/schema/calls.ts';
import { turns } from '#db/schema/turns.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';

/** A call in a list: the row without what was said. `callerNumber` is personal data. */
export type CallSummary = Omit<typeof calls.$inferSelect, 'orgId' | 'id'> & { readonly organizationId: string; readonly callId: string };
/** A turn of a call. `text` is personal data. */
export type CallTurn = Omit<typeof turns.$inferSelect, 'orgId' | 'callId'>;
/** A smaller happening of a call. */
export type CallNote = { readonly name: string; readonly fields: NoteFields; readonly at: Date };
/** One call, whole. */
export type CallDetails = { readonly call: CallSummary; readonly turns: CallTurn[]; readonly notes: CallNote[] };
/** The last call of a page; the next page starts after it. */
export type CallPosition = { readonly startedAt: Date; readonly callId: string };

export type CallStore = {
  /** Calls from the newest on, at most `limit`, those before `after` only. */
  list(scope: ReadScope, page: { limit: number; after: CallPosition | null }): Promise<CallSummary[]>;
  /** Null when there is no such call, or it is another organization's. */
  find(scope: ReadScope, callId: string): Promise<CallDetails | null>;
  /** Closes the calls that a process left open when it died. Returns how many. */
  endAbandoned(scope: ApplianceScope, options: { startedBefore: Date; reason: string }): Promise<number>;
};

/** A call of 4 hours has about 5,000 turns; more is a fault, and a reader is not drowned by it. */
const TURN_LIMIT = 10_000;
const NOTE_LIMIT = 20_000;

const { orgId, id, ...otherColumns } = getTableColumns(calls);
const summaryColumns = { organizationId: orgId, callId: id, ...otherColumns };

export function createCallStore(database: Database): CallStore {
  return {
    list: (scope, { limit, after }) =>
      database.inScope(scope, (queries) =>
        queries
          .select(summaryColumns)
          .from(calls)
          .where(and(ownedBy(scope), after ? before(after) : undefined))
          .orderBy(desc(calls.startedAt), desc(calls.id))
          .limit(limit),
      ),
    find: (scope, callId) =>
      database.inScope(scope, async (queries) => {
        const [call] = await queries
          .select(summaryColumns)
          .from(calls)
          .where(and(ownedBy(scope), eq(calls.id, callId)))
          .limit(1);
        return call ? { call, ...(await readWords(queries, call)) } : null;
      }),
    endAbandoned: (scope, { startedBefore, reason }) =>
      database.inAppliance(scope, async (queries) => {
        const closed = await queries
          .update(calls)
          .set({ state: 'ended', outcome: 'failed', reason, endedAt: sql`now()` })
          .where(and(isNull(calls.endedAt), lt(calls.startedAt, startedBefore)))
          .returning({ callId: calls.id });
        return closed.length;
      }),
  };
}

/** The organization is named beside the policy: the planner needs it, and it is a second barrier. */
function ownedBy(scope: ReadScope): SQL | undefined {
  return 'organizationId' in scope ? eq(calls.orgId, scope.organizationId) : undefined;
}

function before({ startedAt, callId }: CallPosition): SQL {
  return sql`(${calls.startedAt}, ${calls.id}) < (${startedAt.toISOString()}::timestamptz, ${callId})`;
}

async function readWords(queries: Queries, call: CallSummary) {
  const said = await queries
    .select()
    .from(turns)
    .where(and(eq(turns.orgId, call.organizationId), eq(turns.callId, call.callId)))
    .orderBy(asc(turns.seq))
    .limit(TURN_LIMIT);
  const notes = await queries
    .select({ name: callEvents.name, fields: callEvents.fields, at: callEvents.at })
    .from(callEvents)
    .where(and(eq(callEvents.orgId, call.organizationId), eq(callEvents.callId, call.callId)))
    .orderBy(asc(callEvents.at), asc(callEvents.position))
    .limit(NOTE_LIMIT);
  return { turns: said.map(({ orgId: _orgId, callId: _callId, ...turn }) => turn), notes };
}
