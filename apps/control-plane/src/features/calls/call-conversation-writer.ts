// Where a call's conversation stands after each turn, as rows, in the transaction of the turn: what another process would go on from.
import { and, eq, inArray, lte, sql } from 'drizzle-orm';
import type { Queries } from '#db/client.ts';
import { calls } from '#db/schema/calls.ts';
import { conversations, turnTraces } from '#db/schema/conversations.ts';
import type { CallEvent } from '#ports/call-event.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import { storable } from '#shared/storable.ts';

/** A turn, or where one leads before its answer was heard. */
type Moving = Extract<CallEvent, { kind: 'turn_recorded' | 'conversation_moved' }>;

/** Turns of both sides after the event: the version of the state that it brings. */
const turnsAfter = (event: Moving): number => (event.kind === 'turn_recorded' ? event.turn.seq + 1 : event.turns);

/** Writes the newest state of each call and the trace of each turn. Harmless when repeated: an older state never replaces a newer one. */
export async function writeConversations(queries: Queries, scope: OrgScope, events: readonly Moving[]): Promise<void> {
  const newest = new Map<string, Moving>();
  for (const event of events) {
    const known = newest.get(event.callId);
    if (event.conversation && (known === undefined || turnsAfter(known) <= turnsAfter(event))) newest.set(event.callId, event);
  }
  if (newest.size === 0) return;
  const orgId = scope.organizationId;
  const agentOf = await agentsOf(queries, orgId, [...newest.keys()]);
  const rows = [...newest.values()].map((event) => {
    const { callId, conversation, at } = event;
    const who = { orgId, id: callId, channel: 'call' as const, callId, agentId: agentOf.get(callId) ?? null };
    const stand = { state: storable(conversation?.state), nextStep: storable(conversation?.nextStep ?? null), turns: turnsAfter(event) };
    return { ...who, ...stand, createdAt: at, updatedAt: at };
  });
  await queries
    .insert(conversations)
    .values(rows)
    .onConflictDoUpdate({
      target: [conversations.orgId, conversations.id],
      set: {
        state: sql`excluded.state`,
        nextStep: sql`excluded.next_step`,
        turns: sql`excluded.turns`,
        updatedAt: sql`excluded.updated_at`,
      },
      // With a model, where a turn leads is known better once its words are complete: as many turns, and a later event.
      setWhere: lte(conversations.turns, sql`excluded.turns`),
    });
  const traces = events.flatMap((event) =>
    event.kind === 'turn_recorded' && event.conversation?.trace
      ? [{ orgId, conversationId: event.callId, seq: event.turn.seq, trace: storable(event.conversation.trace) }]
      : [],
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
