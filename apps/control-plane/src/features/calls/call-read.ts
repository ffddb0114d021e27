// One call as its organization reads it: the API's most asked question, so its selects are made once and sent together.
import { and, asc, eq, getTableColumns, sql } from 'drizzle-orm';
import { QueryBuilder } from 'drizzle-orm/pg-core';
import { prepareRead } from '#db/prepared-read.ts';
import { callEvents } from '#db/schema/call-events.ts';
import { calls } from '#db/schema/calls.ts';
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
const callRead = prepareRead(
  summaryColumns,
  builder
    .select(summaryColumns)
    .from(calls)
    .where(and(eq(calls.orgId, organizationId), eq(calls.id, callId)))
    .limit(1),
);
const turnsRead = prepareRead(
  turnColumns,
  builder
    .select(turnColumns)
    .from(turns)
    .where(and(eq(turns.orgId, organizationId), eq(turns.callId, callId)))
    .orderBy(asc(turns.seq))
    .limit(TURN_LIMIT),
);
const notesRead = prepareRead(
  noteColumns,
  builder
    .select(noteColumns)
    .from(callEvents)
    .where(and(eq(callEvents.orgId, organizationId), eq(callEvents.callId, callId)))
    .orderBy(asc(callEvents.at), asc(callEvents.position))
    .limit(NOTE_LIMIT),
);

/** The reads of one call: the call itself, its turns, its notes. The organization is named beside the policy: the planner needs it, and it is a second barrier. */
export function callReads(scope: OrgScope, of: string) {
  const values = { organizationId: scope.organizationId, callId: of };
  return [callRead.with(values), turnsRead.with(values), notesRead.with(values)] as const;
}
