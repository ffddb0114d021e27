// One call as its organization reads it: the API's most asked question, so its select is made once.
import { and, asc, eq, getTableColumns, sql } from 'drizzle-orm';
import { QueryBuilder } from 'drizzle-orm/pg-core';
import { prepareRead, rowsWithin } from '#db/prepared-read.ts';
import { callEvents } from '#db/schema/call-events.ts';
import { calls } from '#db/schema/calls.ts';
import { conversations } from '#db/schema/conversations.ts';
import { legQualities } from '#db/schema/leg-qualities.ts';
import { turnGaps } from '#db/schema/turn-gaps.ts';
import { turns } from '#db/schema/turns.ts';
import type { OrgScope } from '#shared/org-scope.ts';

/** A call of 4 hours has about 5,000 turns; more is a fault, and a reader is not drowned by it. */
export const TURN_LIMIT = 10_000;
export const NOTE_LIMIT = 20_000;

// Which process serves a call is nobody's business outside.
const { orgId, id, serverId: _serverId, ...otherColumns } = getTableColumns(calls);
/** A call without what was said. */
export const summaryColumns = { organizationId: orgId, callId: id, ...otherColumns };
const { orgId: _orgId, callId: _callId, ...turnColumnsLeft } = getTableColumns(turns);
/** Of a turn, with the gap that its recording showed; null where it showed none. */
export const turnColumns = { ...turnColumnsLeft, heardGapMs: turnGaps.heardGapMs };
/** What joins a turn to its gap. */
export const ofSameTurn = and(eq(turnGaps.orgId, turns.orgId), eq(turnGaps.callId, turns.callId), eq(turnGaps.seq, turns.seq));
const { orgId: _qualityOrgId, callId: _qualityCallId, ...qualityColumnsLeft } = getTableColumns(legQualities);
export const qualityColumns = qualityColumnsLeft;
export const noteColumns = { name: callEvents.name, fields: callEvents.fields, at: callEvents.at };

const builder = new QueryBuilder();
const organizationId = sql.placeholder('organizationId');
const callId = sql.placeholder('callId');
const said = rowsWithin(turnColumns, {
  name: 'said',
  select: builder
    .select(turnColumns)
    .from(turns)
    .leftJoin(turnGaps, ofSameTurn)
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
const measured = rowsWithin(qualityColumns, {
  name: 'measured',
  select: builder
    .select(qualityColumns)
    .from(legQualities)
    .where(and(eq(legQualities.orgId, organizationId), eq(legQualities.callId, callId))),
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
  { ...summaryColumns, said, noted, measured, conversation: asItIs },
  builder
    .select({ ...summaryColumns, said: said.rows, noted: noted.rows, measured: measured.rows, conversation: stands })
    .from(calls)
    .where(and(eq(calls.orgId, organizationId), eq(calls.id, callId)))
    .limit(1),
);

/**
 * The read of one call with its turns, notes, qualities and conversation, in one statement: three statements took the server process 60 us more. The organization is named
 * beside the policy: the planner needs it, and it is a second barrier.
 */
export function readWholeCall(scope: OrgScope, of: string) {
  return callRead.with({ organizationId: scope.organizationId, callId: of });
}
