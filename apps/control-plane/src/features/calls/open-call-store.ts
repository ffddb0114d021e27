// The calls of this server that have no end in their rows: what a process that starts after a crash goes on with.
import { and, asc, eq, inArray, isNull, or, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Database, Queries } from '#db/client.ts';
import { calls } from '#db/schema/calls.ts';
import { conversations } from '#db/schema/conversations.ts';
import { turns } from '#db/schema/turns.ts';
import { storedStepSchema } from '#dialog/stored-step.ts';
import type { OpenCall, OpenCalls, OpenCallStand } from '#ports/open-calls.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import type { CallId, OrganizationId } from '#shared/id.ts';
import { mintOrgScope } from '#shared/org-scope.ts';

/** More than a server has live at once, with those that a crash left besides. */
const OPEN_LIMIT = 5_000;

const stateSchema = z.looseObject({
  node: z.string(),
  slots: z.record(z.string(), z.string()),
  misses: z.number(),
  history: z.array(z.object({ role: z.enum(['caller', 'agent']), text: z.string() })),
});

/** Reads the rows of `serverId`, and those of releases that named no server. */
export function createOpenCallStore(options: { database: Database; scope: ApplianceScope; serverId: string }): OpenCalls {
  const { database, scope, serverId } = options;
  return {
    list: () =>
      database.inAppliance(scope, async (queries) => {
        const rows = await queries
          .select(columns)
          .from(calls)
          .leftJoin(conversations, and(eq(conversations.orgId, calls.orgId), eq(conversations.callId, calls.id)))
          .where(and(isNull(calls.endedAt), or(eq(calls.serverId, serverId), isNull(calls.serverId))))
          .orderBy(asc(calls.startedAt))
          .limit(OPEN_LIMIT);
        const last = await lastTurns(
          queries,
          rows.map((row) => row.callId),
        );
        return rows.map((row) => openCallOf(row, last.get(row.callId) ?? null));
      }),
  };
}

const columns = {
  orgId: calls.orgId,
  callId: calls.id,
  legId: calls.legId,
  dialledNumber: calls.dialledNumber,
  callerNumber: calls.callerNumber,
  startedAt: calls.startedAt,
  answeredAt: calls.answeredAt,
  state: conversations.state,
  nextStep: conversations.nextStep,
  conversationTurns: conversations.turns,
};

type Row = Pick<OpenCall, 'legId' | 'dialledNumber' | 'callerNumber' | 'startedAt' | 'answeredAt'> & {
  readonly orgId: string;
  readonly callId: string;
  readonly state: unknown;
  readonly nextStep: unknown;
  readonly conversationTurns: number | null;
};
type LastTurn = { readonly seq: number; readonly role: 'caller' | 'agent' };

async function lastTurns(queries: Queries, callIds: readonly string[]): Promise<Map<string, LastTurn>> {
  if (callIds.length === 0) return new Map();
  const rows = await queries
    .selectDistinctOn([turns.callId], { callId: turns.callId, seq: turns.seq, role: turns.role })
    .from(turns)
    .where(inArray(turns.callId, [...callIds]))
    .orderBy(turns.callId, sql`${turns.seq} desc`);
  return new Map(rows.map(({ callId, ...turn }) => [callId, turn]));
}

function openCallOf({ orgId, callId, state, nextStep, conversationTurns, ...row }: Row, last: LastTurn | null): OpenCall {
  return {
    ...row,
    callId: callId as CallId,
    scope: mintOrgScope(orgId as OrganizationId),
    turns: Math.max(last === null ? 0 : last.seq + 1, conversationTurns ?? 0),
    stand: standOf(state, nextStep, last),
  };
}

/** A state that is none, of a release whose states were others: the conversation begins anew, the call goes on. */
function standOf(state: unknown, nextStep: unknown, last: LastTurn | null): OpenCallStand | null {
  const parsed = stateSchema.safeParse(state);
  if (!parsed.success) return null;
  return {
    state: parsed.data,
    nextStep: storedStepSchema.safeParse(nextStep).data ?? { kind: 'listen' },
    isAnswerHeard: last?.role !== 'caller',
  };
}
