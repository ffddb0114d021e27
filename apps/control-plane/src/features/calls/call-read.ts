// One call as its organization reads it: the API's most asked question, so its select is made once.
import { and, asc, eq, getTableColumns, sql } from 'drizzle-orm';
import { QueryBuilder } from 'drizzle-orm/pg-core';
import { prepareRead, rowsWithin } from '#db/prepared-read.ts';
import { callEvents } from '#db/schema/call-events.ts';
import { calls } from '#db/schema/calls.ts';
import { conversations } from '#db/schema/conversations.ts';
import { turns } from '#db/schema/turns.ts';
import type { OrgScope } from '#shared/org-scope.ts';

/** A call of 4 hours has about 5,000 turns; more is a fault, and a reader is not drowned by it. */
export const TURN_LIMIT = 10_000;
export const NOTE_LIMIT = 20_000;

const { orgId, id, ...otherColumns } = getTableColumns(calls);
/** A call without what was said. */
export const summaryColumns = { organizationId: orgId, callId: id, ...otherColumns };
const { orgId: _orgId, callId: _callId, ...turnColumnsLeft } = getTableColumns(turns);
export const turnColumns = turnColumnsLeft;
export const noteColumns = { name: callEvents.name, fields: callEvents.fields, at: callEvents.at };

const builder = new QueryBuilder();
const organizationId = sql.placeholder('organizationId');
const callId = sql.placeholder('callId');
const said = rowsWithin(turnColumns, {
  name: 'said',
  select: builder
    .select(turnColumns)
    .from(turns)
    .where(and(eq(turns.orgId, organizationId), eq(turns.callId, callId)))
    .orderBy(asc(turns.seq))
    .limit(TURN_LIMIT),
});
const noted = rowsWithin(noteColumns, {
  name: 'noted',
  select: builder
    .select(noteColumns)
    .from(callEvents)
    .where(and(eq(callEvents.orgId, organizationId), eq(callEvents.callId, callId)))
    .orderBy(asc(callEvents.at), asc(callEvents.position))
    .limit(NOTE_LIMIT),
});
/** Where the call's conversation stands, in the dialog's own words for it. `summary` and `slots` are personal data. */
export type CallConversation = {
  readonly node: string;
  readonly slots: Readonly<Record<string, string>>;
  /** What was said so long ago that a model is told no more than this of it. */
  readonly summary: string | null;
};
const stands = sql<CallConversation | null>`(select json_build_object('node', coalesce(${conversations.state}->>'node', ''),
  'slots', coalesce(${conversations.state}->'slots', '{}'), 'summary', ${conversations.state}->>'summary')
  from ${conversations} where ${conversations.orgId} = ${organizationId} and ${conversations.id} = ${callId})`;
const asItIs = { mapFromDriverValue: (value: unknown) => value };
const callRead = prepareRead(
  { ...summaryColumns, said, noted, conversation: asItIs },
  builder
    .select({ ...summaryColumns, said: said.rows, noted: noted.rows, conversation: stands })
    .from(calls)
    .where(and(eq(calls.orgId, organizationId), eq(calls.id, callId)))
    .limit(1),
);

/**
 * The read of one call with its turns, notes and conversation, in one statement: three statements took the server process 60 us more. The organization is named
 * beside the policy: the planner needs it, and it is a second barrier.
 */
export function readWholeCall(scope: OrgScope, of: string) {
  return callRead.with({ organizationId: scope.organizationId, callId: of });
}
