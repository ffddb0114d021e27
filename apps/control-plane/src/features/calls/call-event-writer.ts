// How a batch of call events becomes rows: one transaction per organization, few statements each, and harmless when repeated.
import { randomUUID } from 'node:crypto';
import { and, eq } from 'drizzle-orm';
import type { Database, Queries } from '#db/client.ts';
import { callEvents } from '#db/schema/call-events.ts';
import { calls, rejectedCalls } from '#db/schema/calls.ts';
import { turns } from '#db/schema/turns.ts';
import type { CallEvent } from '#ports/call-event.ts';
import type { OrgScope } from '#shared/org-scope.ts';

/** An event that waits to be written. `id` is made once, so that a note written twice is one row. */
export type QueuedEvent = { readonly id: string; readonly event: CallEvent };

/** Writes a batch; settles when it is committed. The order within a batch is by kind, as rows depend on each other: calls, turns, notes, ends. */
export type CallEventWriter = (batch: readonly QueuedEvent[]) => Promise<void>;

type Kind<K extends CallEvent['kind']> = Extract<CallEvent, { kind: K }>;

export function queued(event: CallEvent): QueuedEvent {
  return { id: randomUUID(), event };
}

/** Writes to the database. After a rejection some organizations may be written and others not: repeat the whole batch. */
export function createCallEventWriter(database: Database): CallEventWriter {
  return async (batch) => {
    const byOrganization = new Map<string, { scope: OrgScope; events: QueuedEvent[] }>();
    const groupOf = (scope: OrgScope) => {
      const group = byOrganization.get(scope.organizationId) ?? { scope, events: [] };
      byOrganization.set(scope.organizationId, group);
      return group.events;
    };
    const ownerless: Kind<'call_rejected'>[] = [];
    for (const item of batch) {
      const { event } = item;
      if (event.scope) groupOf(event.scope).push(item);
      else if (event.kind === 'call_rejected') ownerless.push(event);
    }
    for (const { scope, events } of byOrganization.values()) {
      await database.inOrg(scope, (queries) => writeOfOrganization(queries, scope, events));
    }
    if (ownerless.length > 0) await database.unscoped((queries) => writeOwnerless(queries, ownerless));
  };
}

async function writeOfOrganization(queries: Queries, scope: OrgScope, batch: readonly QueuedEvent[]): Promise<void> {
  const of = <K extends CallEvent['kind']>(kind: K) =>
    batch.flatMap(({ id, event }) => (event.kind === kind ? [{ id, event: event as Kind<K> }] : []));
  const orgId = scope.organizationId;
  const opened = [
    ...of('call_started').map(({ event }) => startedRow(event)),
    ...of('call_rejected').map(({ event }) => ({ orgId, ...rejectedRow(event) })),
  ];
  if (opened.length > 0) await queries.insert(calls).values(opened).onConflictDoNothing();
  for (const { event } of of('call_answered')) {
    await queries
      .update(calls)
      .set({ state: 'answered', answeredAt: event.at, setupMs: event.setupMs })
      .where(and(eq(calls.orgId, orgId), eq(calls.id, event.callId), eq(calls.state, 'ringing')));
  }
  const said = of('turn_recorded').map(({ event }) => turnRow(event));
  if (said.length > 0) await queries.insert(turns).values(said).onConflictDoNothing();
  const notes = of('note').map(({ id, event }) => ({
    orgId,
    callId: event.callId,
    id,
    name: event.name,
    fields: event.fields,
    at: event.at,
  }));
  if (notes.length > 0) await queries.insert(callEvents).values(notes).onConflictDoNothing();
  for (const { event } of of('call_ended')) {
    await queries
      .update(calls)
      .set({ state: 'ended', outcome: event.outcome, reason: event.reason, endedAt: event.at, durationMs: event.durationMs })
      .where(and(eq(calls.orgId, orgId), eq(calls.id, event.callId)));
  }
}

async function writeOwnerless(queries: Queries, rejected: readonly Kind<'call_rejected'>[]): Promise<void> {
  const rows = rejected.map(({ callId, dialledNumber, callerNumber, outcome, at }) => ({
    id: callId,
    dialledNumber,
    callerNumber,
    outcome,
    rejectedAt: at,
  }));
  await queries.insert(rejectedCalls).values(rows).onConflictDoNothing();
}

function startedRow(event: Kind<'call_started'>) {
  const { callId, agentId, legId, dialledNumber, callerNumber, recordingPath } = event;
  return {
    orgId: event.scope.organizationId,
    id: callId,
    agentId,
    legId,
    dialledNumber,
    callerNumber,
    recordingPath,
    state: 'ringing' as const,
    startedAt: event.at,
  };
}

function rejectedRow({ callId, dialledNumber, callerNumber, outcome, at }: Kind<'call_rejected'>) {
  return { id: callId, dialledNumber, callerNumber, outcome, state: 'rejected' as const, startedAt: at, endedAt: at };
}

function turnRow({ scope, callId, turn }: Kind<'turn_recorded'>) {
  const { latency, ...said } = turn;
  return {
    orgId: scope.organizationId,
    callId,
    ...said,
    endpointMs: latency?.endpointMs ?? null,
    speechToTextMs: latency?.speechToTextMs ?? null,
    replyMs: latency?.replyMs ?? null,
    textToSpeechMs: latency?.textToSpeechMs ?? null,
    firstFrameMs: latency?.firstFrameMs ?? null,
  };
}
