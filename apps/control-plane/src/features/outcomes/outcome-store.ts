// What calls came to, as rows: read from what the call left, written once, and shown with where the work stands.
import { and, asc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Database, Queries } from '#db/client.ts';
import { callOutcomes } from '#db/schema/call-outcomes.ts';
import { calls } from '#db/schema/calls.ts';
import { conversations, turnTraces } from '#db/schema/conversations.ts';
import { jobs } from '#db/schema/jobs.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import type { FinishedCall, Outcome, Shown } from './outcome.ts';

/** Where the work after a call stands. `none`: there is none, because the call is not over, was never answered, or is from before there was such work. */
export type OutcomeState =
  | { readonly kind: 'done'; readonly outcome: Outcome; readonly madeAt: Date }
  | { readonly kind: 'pending'; readonly attempts: number }
  | { readonly kind: 'failed'; readonly attempts: number; readonly gaveUpAt: Date | null }
  | { readonly kind: 'none' };

export type OutcomeStore = {
  /** Null when there is no such call, or it is another organization's. */
  find(scope: OrgScope, callId: string): Promise<OutcomeState | null>;
  /** The flow's slots at the end of a call, each with the agent's turn from which on it was known. Empty when its conversation was not kept. */
  readSlots(scope: OrgScope, callId: string): Promise<FinishedCall['slots']>;
};

const withSlots = z.object({ slots: z.record(z.string(), z.string()) });

export function createOutcomeStore(database: Database): OutcomeStore {
  return {
    find: (scope, callId) => database.inOrg(scope, (queries) => findOutcome(queries, scope, callId)),
    readSlots: (scope, callId) => database.inOrg(scope, (queries) => readSlots(queries, scope, callId)),
  };
}

/** Keeps what a call came to, in the transaction that ends the work on it. Written once: what is there stays. */
export async function insertOutcome(
  queries: Queries,
  { organizationId }: OrgScope,
  { callId, outcome }: { callId: string; outcome: Outcome },
): Promise<void> {
  const { method, summary, sentiment, disposition, fields, notes } = outcome;
  await queries
    .insert(callOutcomes)
    .values({
      orgId: organizationId,
      callId,
      method,
      summary: summary?.value ?? null,
      summaryTurns: [...(summary?.turns ?? [])],
      sentiment: sentiment?.value ?? null,
      sentimentTurns: [...(sentiment?.turns ?? [])],
      disposition: disposition?.value ?? null,
      dispositionTurns: [...(disposition?.turns ?? [])],
      fields,
      notes,
    })
    .onConflictDoNothing();
}

/** Whether the call is still there: its organization may have had it deleted while the model read it. Locked until the transaction ends. */
export async function isCallThere(queries: Queries, { organizationId }: OrgScope, callId: string): Promise<boolean> {
  const found = queries
    .select({ id: calls.id })
    .from(calls)
    .where(and(eq(calls.orgId, organizationId), eq(calls.id, callId)));
  return (await found.for('key share')).length > 0;
}

async function findOutcome(queries: Queries, { organizationId }: OrgScope, callId: string): Promise<OutcomeState | null> {
  const isCall = and(eq(calls.orgId, organizationId), eq(calls.id, callId));
  const [call] = await queries.select({ id: calls.id }).from(calls).where(isCall);
  if (!call) return null;
  const isOfCall = and(eq(callOutcomes.orgId, organizationId), eq(callOutcomes.callId, callId));
  const [row] = await queries.select().from(callOutcomes).where(isOfCall);
  if (row) return { kind: 'done', outcome: outcomeOfRow(row), madeAt: row.createdAt };
  const [job] = await queries
    .select({ state: jobs.state, attempts: jobs.attempts, endedAt: jobs.endedAt })
    .from(jobs)
    .where(and(eq(jobs.orgId, organizationId), eq(jobs.kind, 'call_outcome'), eq(jobs.key, callId)));
  if (!job || job.state === 'done') return { kind: 'none' };
  if (job.state === 'dead') return { kind: 'failed', attempts: job.attempts, gaveUpAt: job.endedAt };
  return { kind: 'pending', attempts: job.attempts };
}

function outcomeOfRow(row: typeof callOutcomes.$inferSelect): Outcome {
  const shown = <Value>(value: Value | null, turns: readonly number[]): Shown<Value> | null => (value === null ? null : { value, turns });
  return {
    method: row.method,
    summary: shown(row.summary, row.summaryTurns),
    sentiment: shown(row.sentiment, row.sentimentTurns),
    disposition: shown(row.disposition, row.dispositionTurns),
    fields: row.fields,
    notes: row.notes,
  };
}

/** By the state that the conversation ended in, and the reports of the turns that led there. */
async function readSlots(queries: Queries, { organizationId }: OrgScope, callId: string): Promise<FinishedCall['slots']> {
  const [conversation] = await queries
    .select({ state: conversations.state })
    .from(conversations)
    .where(and(eq(conversations.orgId, organizationId), eq(conversations.id, callId)));
  const last = withSlots.safeParse(conversation?.state);
  if (!last.success) return [];
  const reports = await queries
    .select({ seq: turnTraces.seq, slots: sql<unknown>`${turnTraces.trace} -> 'slots'` })
    .from(turnTraces)
    .where(and(eq(turnTraces.orgId, organizationId), eq(turnTraces.conversationId, callId)))
    .orderBy(asc(turnTraces.seq));
  const known = reports.flatMap(({ seq, slots }) => {
    const parsed = withSlots.safeParse({ slots });
    return parsed.success ? [{ seq, slots: parsed.data.slots }] : [];
  });
  return Object.entries(last.data.slots).flatMap(([name, value]) => {
    // From the end back: a value that was given up and said again counts from when it was said again.
    const lastOther = known.findLastIndex(({ slots }) => slots[name] !== value);
    const first = known[lastOther + 1];
    return first ? [{ name, value, knownFromSeq: first.seq }] : [];
  });
}
