// Where a call's conversation stands after each turn, as rows, in the transaction of the turn: what another process would go on from.
import { and, eq, inArray, lt, sql } from 'drizzle-orm';
import type { Queries } from '#db/client.ts';
import { calls } from '#db/schema/calls.ts';
import { conversations, turnTraces } from '#db/schema/conversations.ts';
import type { CallEvent } from '#ports/call-event.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import { storable } from '#shared/storable.ts';

type RecordedTurn = Extract<CallEvent, { kind: 'turn_recorded' }>;

/** Writes the newest state of each call and the trace of each turn. Harmless when repeated: an older state never replaces a newer one. */
export async function writeConversations(queries: Queries, scope: OrgScope, events: readonly RecordedTurn[]): Promise<void> {
  const newest = new Map<string, RecordedTurn>();
  for (const event of events) {
    const known = newest.get(event.callId);
    if (event.conversation && (known === undefined || known.turn.seq < event.turn.seq)) newest.set(event.callId, event);
  }
  if (newest.size === 0) return;
  const orgId = scope.organizationId;
  const agentOf = await agentsOf(queries, orgId, [...newest.keys()]);
  const rows = [...newest.values()].map(({ callId, turn, conversation, at }) => {
    const agentId = agentOf.get(callId) ?? null;
    const state = storable(conversation?.state);
    return { orgId, id: callId, channel: 'call' as const, callId, agentId, state, turns: turn.seq + 1, createdAt: at, updatedAt: at };
  });
  await queries
    .insert(conversations)
    .values(rows)
    .onConflictDoUpdate({
      target: [conversations.orgId, conversations.id],
      set: { state: sql`excluded.state`, turns: sql`excluded.turns`, updatedAt: sql`excluded.updated_at` },
      setWhere: lt(conversations.turns, sql`excluded.turns`),
    });
  const traces = events.flatMap(({ callId, turn, conversation }) =>
    conversation?.trace ? [{ orgId, conversationId: callId, seq: turn.seq, trace: storable(conversation.trace) }] : [],
  );
  if (traces.length > 0) await queries.insert(turnTraces).values(traces).onConflictDoNothing();
}

/** As the calls' rows say: the agent may have been removed when its call was written. */
async function agentsOf(queries: Queries, orgId: string, callIds: readonly string[]): Promise<Map<string, string | null>> {
  const rows = await queries
    .select({ callId: calls.id, agentId: calls.agentId })
    .from(calls)
    .where(and(eq(calls.orgId, orgId), inArray(calls.id, [...callIds])));
  return new Map(rows.map(({ callId, agentId }) => [callId, agentId]));
}
