// How a batch of call events becomes rows: one transaction per organization, few statements each, and harmless when repeated.
import { randomUUID } from 'node:crypto';
import { and, eq, inArray } from 'drizzle-orm';
import type { Database, Queries } from '#db/client.ts';
import { agents } from '#db/schema/agents.ts';
import { callEvents } from '#db/schema/call-events.ts';
import { calls, rejectedCalls } from '#db/schema/calls.ts';
import { legQualities } from '#db/schema/leg-qualities.ts';
import { turns } from '#db/schema/turns.ts';
import { callOutcomeJob, enqueueJobs, turnGapsJob } from '#features/jobs/job-queue-store.ts';
import type { CallEvent } from '#ports/call-event.ts';
import type { Log } from '#shared/log.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import { writeConversations } from './call-conversation-writer.ts';

/** An event that waits to be written. `id` is made once, so that a note written twice is one row. */
export type QueuedEvent = { readonly id: string; readonly event: CallEvent };

/** Writes a batch; settles when it is committed. The order within a batch is by kind, as rows depend on each other: calls, turns, notes, ends. */
export type CallEventWriter = (batch: readonly QueuedEvent[]) => Promise<void>;

type Kind<K extends CallEvent['kind']> = Extract<CallEvent, { kind: K }>;

export function queued(event: CallEvent): QueuedEvent {
  return { id: randomUUID(), event };
}

/** Writes to the database. After a rejection some organizations may be written and others not: repeat the whole batch. */
export function createCallEventWriter({
  database,
  log,
  serverId = null,
}: {
  database: Database;
  log: Log;
  /** The control plane whose calls these are; default: not said. */
  serverId?: string | null;
}): CallEventWriter {
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
      await database.inOrg(scope, (queries) => writeOfOrganization({ queries, scope, log, serverId }, events));
    }
    if (ownerless.length > 0) await database.unscoped((queries) => writeOwnerless(queries, ownerless));
  };
}

type Writing = {
  readonly queries: Queries;
  readonly scope: OrgScope;
  readonly log: Log;
  readonly serverId: string | null;
};

async function writeOfOrganization(writing: Writing, batch: readonly QueuedEvent[]): Promise<void> {
  const { queries, scope } = writing;
  const of = <K extends CallEvent['kind']>(kind: K) =>
    batch.flatMap(({ id, event }) => (event.kind === kind ? [{ id, event: event as Kind<K> }] : []));
  const orgId = scope.organizationId;
  const begun = of('call_started').map(({ event }) => event);
  const opened = [...(await startedRows(writing, begun)), ...of('call_rejected').map(({ event }) => ({ orgId, ...rejectedRow(event) }))];
  if (opened.length > 0) await queries.insert(calls).values(opened).onConflictDoNothing();
  for (const { event } of of('call_answered')) {
    await queries
      .update(calls)
      .set({ state: 'answered', answeredAt: event.at, setupMs: event.setupMs })
      .where(and(eq(calls.orgId, orgId), eq(calls.id, event.callId), eq(calls.state, 'ringing')));
  }
  const recorded = of('turn_recorded').map(({ event }) => event);
  if (recorded.length > 0) await queries.insert(turns).values(recorded.map(turnRow)).onConflictDoNothing();
  await writeConversations(queries, scope, [...recorded, ...of('conversation_moved').map(({ event }) => event)]);
  const notes = of('note').map(({ id, event }) => ({
    orgId,
    callId: event.callId,
    id,
    name: event.name,
    fields: event.fields,
    at: event.at,
  }));
  if (notes.length > 0) await queries.insert(callEvents).values(notes).onConflictDoNothing();
  await writeQualities(writing, of('leg_measured'));
  await writeEnds(
    writing,
    of('call_ended').map(({ event }) => event),
  );
}

async function writeQualities({ queries, scope }: Writing, measured: readonly { readonly event: Kind<'leg_measured'> }[]): Promise<void> {
  if (measured.length === 0) return;
  const rows = measured.map(({ event: { callId, at, measurement } }) => ({
    orgId: scope.organizationId,
    callId,
    ...measurement,
    measuredAt: at,
  }));
  await queries.insert(legQualities).values(rows).onConflictDoNothing();
}

/** With each end the work that comes after the call is left: a call that is over in the journal has its job, whatever dies next. */
async function writeEnds({ queries, scope }: Writing, ends: readonly Kind<'call_ended'>[]): Promise<void> {
  const orgId = scope.organizationId;
  for (const event of ends) {
    await queries
      .update(calls)
      .set({ state: 'ended', outcome: event.outcome, reason: event.reason, endedAt: event.at, durationMs: event.durationMs })
      .where(and(eq(calls.orgId, orgId), eq(calls.id, event.callId)));
  }
  await enqueueJobs(
    queries,
    ends.flatMap(({ callId }) => [callOutcomeJob(orgId, callId), turnGapsJob(orgId, callId)]),
  );
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

/**
 * A call's agent may be gone: routing remembers where a number led for seconds, also when number and agent were removed meanwhile. Such a call was
 * answered as its number promised and is kept, without the agent.
 */
async function startedRows({ queries, scope, log, serverId }: Writing, begun: readonly Kind<'call_started'>[]) {
  if (begun.length === 0) return [];
  const named = [...new Set(begun.map(({ agentId }) => agentId))];
  // Locked: none of them is removed before the calls that name it are there.
  const found = await queries
    .select({ agentId: agents.id })
    .from(agents)
    .where(and(eq(agents.orgId, scope.organizationId), inArray(agents.id, named)))
    .for('key share');
  const there = new Set(found.map(({ agentId }) => agentId));
  return begun.map((event) => {
    const { callId, agentId } = event;
    if (there.has(agentId)) return { ...startedRow(event, agentId), serverId };
    log.warn(
      { callId, organizationId: scope.organizationId, agentId },
      'call was answered by an agent that is removed by now; it is kept without one',
    );
    return { ...startedRow(event, null), serverId };
  });
}

function startedRow(event: Kind<'call_started'>, agentId: string | null) {
  const { callId, legId, dialledNumber, callerNumber, recordingPath } = event;
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
    gapMs: latency?.gapMs ?? null,
  };
}
