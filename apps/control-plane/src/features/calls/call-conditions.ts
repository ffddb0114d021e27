// What a list of calls is asked for, and its conditions and orders in SQL.
import type { SQL } from 'drizzle-orm';
import { and, asc, desc, eq, gte, lt, sql } from 'drizzle-orm';
import type { ReadScope } from '#db/client.ts';
import type { callStates } from '#db/schema/calls.ts';
import { calls } from '#db/schema/calls.ts';
import { turns } from '#db/schema/turns.ts';
import type { CallOutcome } from '#ports/call-event.ts';

/** The orders of a list; `-` is descending. A call without a duration comes last either way. */
export type CallSort = '-startedAt' | 'startedAt' | '-durationMs' | 'durationMs';
/** The last call of a page, by what the list is sorted by; the next page starts after it. */
export type CallPosition = { readonly callId: string } & ({ readonly startedAt: Date } | { readonly durationMs: number | null });
/** Which calls, in which order. What is undefined does not filter. */
export type CallQuery = {
  readonly agentId?: string | undefined;
  readonly state?: (typeof callStates)[number] | undefined;
  readonly outcome?: CallOutcome | undefined;
  readonly dialledNumber?: string | undefined;
  readonly callerNumber?: string | undefined;
  /** Included. */
  readonly startedFrom?: Date | undefined;
  /** Excluded. */
  readonly startedTo?: Date | undefined;
  /** Words said by anybody in one turn, in web search syntax. Reads every turn of the period: give one. */
  readonly search?: string | undefined;
  readonly sort: CallSort;
  readonly limit: number;
  /** Of the same order as `sort`. */
  readonly after: CallPosition | null;
};

/** The calls that a scope may see, of those a query asks for. */
export function matching(scope: ReadScope, query: Partial<CallQuery> = {}): SQL | undefined {
  const { agentId, state, outcome, dialledNumber, callerNumber, startedFrom, startedTo, search, sort, after } = query;
  return and(
    // The organization is named beside the policy: the planner needs it, and it is a second barrier.
    'organizationId' in scope ? eq(calls.orgId, scope.organizationId) : undefined,
    agentId === undefined ? undefined : eq(calls.agentId, agentId),
    state === undefined ? undefined : eq(calls.state, state),
    outcome === undefined ? undefined : eq(calls.outcome, outcome),
    dialledNumber === undefined ? undefined : eq(calls.dialledNumber, dialledNumber),
    callerNumber === undefined ? undefined : eq(calls.callerNumber, callerNumber),
    startedFrom === undefined ? undefined : gte(calls.startedAt, startedFrom),
    startedTo === undefined ? undefined : lt(calls.startedAt, startedTo),
    search === undefined ? undefined : saying(search),
    sort === undefined || after == null ? undefined : behind(sort, after),
  );
}

/** The order of a list. The id makes it total; it is a call's time of creation first. */
export function callOrder(sort: CallSort): SQL[] {
  switch (sort) {
    case '-startedAt':
      return [desc(calls.startedAt), desc(calls.id)];
    case 'startedAt':
      return [asc(calls.startedAt), asc(calls.id)];
    case '-durationMs':
      return [sql`${calls.durationMs} desc nulls last`, desc(calls.id)];
    case 'durationMs':
      return [sql`${calls.durationMs} asc nulls last`, asc(calls.id)];
  }
}

/** `simple`: words as they were said, in whatever language. No index: row-level security keeps `@@`, which is not leakproof, out of one (docs/decisions.md). */
function saying(words: string): SQL {
  return sql`exists (select 1 from ${turns} where ${turns.orgId} = ${calls.orgId} and ${turns.callId} = ${calls.id}
    and to_tsvector('simple', ${turns.text}) @@ websearch_to_tsquery('simple', ${words}))`;
}

function behind(sort: CallSort, position: CallPosition): SQL {
  const further = sort.startsWith('-') ? sql.raw('<') : sql.raw('>');
  const { callId } = position;
  if ('startedAt' in position) {
    return sql`(${calls.startedAt}, ${calls.id}) ${further} (${position.startedAt.toISOString()}::timestamptz, ${callId})`;
  }
  const { durationMs } = position;
  if (durationMs === null) return sql`(${calls.durationMs} is null and ${calls.id} ${further} ${callId})`;
  const row = sql`(${calls.durationMs}, ${calls.id}) ${further} (${durationMs}::double precision, ${callId})`;
  return sql`(${row} or ${calls.durationMs} is null)`;
}
