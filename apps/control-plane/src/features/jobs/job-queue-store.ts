// Work that is left in one transaction and done after it: taken by one worker at a time under a lease, and ended in the transaction of what it leads to.
import type { SQL } from 'drizzle-orm';
import { and, count, eq, lt, min, sql } from 'drizzle-orm';
import type { Database, Queries } from '#db/client.ts';
import type { jobKinds } from '#db/schema/jobs.ts';
import { jobs } from '#db/schema/jobs.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import type { OrganizationId } from '#shared/id.ts';
import { newId } from '#shared/id.ts';
import type { Log } from '#shared/log.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { storable } from '#shared/storable.ts';

export type JobKind = (typeof jobKinds)[number];

/** Work to leave. There is one job per organization, kind and key: leaving it again changes nothing. */
export type NewJob = {
  readonly organizationId: string;
  readonly kind: JobKind;
  /** What it is about, such as a call's id. */
  readonly key: string;
  /** Ids and numbers; nothing that anybody said. */
  readonly payload: Readonly<Record<string, string | number>>;
};

/** A job that this process holds. */
export type ClaimedJob = {
  readonly scope: OrgScope;
  readonly jobId: string;
  readonly kind: JobKind;
  readonly key: string;
  readonly payload: unknown;
  /** 1 for the first; names the holder. */
  readonly attempt: number;
};

/** What a job leads to, written in one transaction with its end: nothing of it is there when another worker has taken the job over. */
export type JobWrite = (queries: Queries) => Promise<void>;

/** Who does the jobs of a kind. */
export type JobHandler = {
  readonly kind: JobKind;
  /** The longest that an attempt may take, ms. */
  readonly timeoutMs: number;
  /** Does the slow part and returns what is to be written. Throws when it failed; with `FinalJobError` when trying again is of no use. */
  run(job: ClaimedJob, options: { signal: AbortSignal; log: Log }): Promise<JobWrite>;
};

/** A failure that trying again does not mend: the job is given up with this message. */
export class FinalJobError extends Error {
  override readonly name = 'FinalJobError';
}

/** How much waits, and how long the oldest job that is due has. */
export type QueueDepth = { readonly ready: number; readonly running: number; readonly dead: number; readonly oldestDueMs: number };

export type JobQueueStore = {
  /**
   * Takes jobs that are due: of each organization the longest due first, and of organizations the one with the fewest under way. A job is never given
   * to two.
   */
  claim(scope: ApplianceScope, options: { kinds: readonly JobKind[]; limit: number; leaseMs: number }): Promise<ClaimedJob[]>;
  /** Says that the holder lives. False when it no longer holds the job. */
  extend(scope: ApplianceScope, job: ClaimedJob, leaseMs: number): Promise<boolean>;
  /** Ends a job together with what it leads to. False, and nothing is written, when the job is no longer held. */
  finish(job: ClaimedJob, write: JobWrite): Promise<boolean>;
  /** Puts a failed job back, or gives it up after its last attempt or when `retryInMs` is null. */
  fail(scope: ApplianceScope, job: ClaimedJob, failure: { error: string; retryInMs: number | null }): Promise<'ready' | 'dead' | 'lost'>;
  /** Puts back a job that nothing was wrong with, to be taken at once: the process stops. */
  release(scope: ApplianceScope, job: ClaimedJob): Promise<void>;
  /** Takes jobs from workers that no longer say that they live. Returns how many were put back and how many given up. */
  reap(scope: ApplianceScope): Promise<{ returned: number; dead: number }>;
  depth(scope: ApplianceScope): Promise<QueueDepth>;
};

/** The channel that tells workers of new jobs. */
export const JOB_WAKE_UPS = 'jobs';
/** With the waits of `job-backoff.ts` about half an hour: longer than a restart of everything, short enough that somebody hears of it the same day. */
export const MAX_JOB_ATTEMPTS = 10;
/** Workers that died at once leave this many at most; the rest comes with the next look. */
const REAPED_AT_ONCE = 100;
const MAX_ERROR_LENGTH = 500;

/** As literals: the partial indexes are found for a plan without parameters too. */
const isReady = sql`${jobs.state} = 'ready'`;
const isRunning = sql`${jobs.state} = 'running'`;

/** Leaves work in the transaction that causes it: either both are there or neither. Idle workers hear of it at the commit. */
export async function enqueueJobs(queries: Queries, wanted: readonly NewJob[]): Promise<void> {
  if (wanted.length === 0) return;
  const rows = wanted.map(({ organizationId, ...job }) => ({
    orgId: organizationId,
    id: newId('job'),
    ...job,
    maxAttempts: MAX_JOB_ATTEMPTS,
  }));
  const left = await queries
    .insert(jobs)
    .values(rows)
    .onConflictDoNothing({ target: [jobs.orgId, jobs.kind, jobs.key] })
    .returning({ id: jobs.id });
  if (left.length > 0) await wakeWorkers(queries);
}

/** The work that comes after a call: what it came to. */
export function callOutcomeJob(organizationId: string, callId: string): NewJob {
  return { organizationId, kind: 'call_outcome', key: callId, payload: { callId } };
}

/** The work that comes after a call: how long its caller really waited for each answer. */
export function turnGapsJob(organizationId: string, callId: string): NewJob {
  return { organizationId, kind: 'turn_gaps', key: callId, payload: { callId } };
}

/** Tells idle workers, once the transaction has committed, that a job is due. */
export async function wakeWorkers(queries: Queries): Promise<void> {
  await queries.execute(sql`select pg_notify(${JOB_WAKE_UPS}, '')`);
}

export function createJobQueueStore(database: Database): JobQueueStore {
  return {
    claim: (scope, options) => database.inAppliance(scope, (queries) => claim(queries, options)),
    extend: (scope, job, leaseMs) =>
      database.inAppliance(scope, async (queries) => {
        const held = await queries
          .update(jobs)
          .set({ leaseUntil: inMs(leaseMs) })
          .where(heldBy(job))
          .returning({ id: jobs.id });
        return held.length > 0;
      }),
    finish: (job, write) =>
      database.inOrg(job.scope, async (queries) => {
        // First: the row stays locked until what follows is committed, so that nobody takes the job over in between.
        const held = await queries
          .update(jobs)
          .set({ state: 'done', leaseUntil: null, lastError: null, endedAt: sql`now()` })
          .where(heldBy(job))
          .returning({ id: jobs.id });
        if (held.length === 0) return false;
        await write(queries);
        return true;
      }),
    fail: (scope, job, failure) => database.inAppliance(scope, (queries) => fail(queries, job, failure)),
    release: (scope, job) =>
      database.inAppliance(scope, async (queries) => {
        const back = { state: 'ready', leaseUntil: null, nextAttemptAt: sql`now()` } as const;
        await queries.update(jobs).set(back).where(heldBy(job));
        await wakeWorkers(queries);
      }),
    reap: (scope) => database.inAppliance(scope, reap),
    depth: (scope) => database.inAppliance(scope, depth),
  };
}

function heldBy({ scope, jobId, attempt }: ClaimedJob): SQL | undefined {
  return and(eq(jobs.orgId, scope.organizationId), eq(jobs.id, jobId), eq(jobs.state, 'running'), eq(jobs.attempts, attempt));
}

/** An instant by the database's clock, which all workers share. */
function inMs(ms: number): SQL {
  return sql`now() + ${Math.round(ms)} * interval '1 millisecond'`;
}

type Claim = { readonly kinds: readonly JobKind[]; readonly limit: number; readonly leaseMs: number };

async function claim(queries: Queries, { kinds, limit, leaseMs }: Claim): Promise<ClaimedJob[]> {
  // A row lock in a WITH query keeps it from being run twice, which would take more than the limit.
  const due = queries.$with('due').as(
    queries
      .select({ orgId: jobs.orgId, id: jobs.id })
      .from(jobs)
      .innerJoin(inTurn({ kinds, limit }), sql`in_turn.org_id = ${jobs.orgId} and in_turn.id = ${jobs.id}`)
      .where(isReady)
      .orderBy(sql`in_turn.turn`, sql`random()`)
      .limit(limit)
      .for('update', { of: jobs, skipLocked: true }),
  );
  const rows = await queries
    .with(due)
    .update(jobs)
    .set({ state: 'running', attempts: sql`${jobs.attempts} + 1`, leaseUntil: inMs(leaseMs) })
    .from(due)
    .where(and(eq(jobs.orgId, due.orgId), eq(jobs.id, due.id)))
    .returning({ orgId: jobs.orgId, jobId: jobs.id, kind: jobs.kind, key: jobs.key, payload: jobs.payload, attempt: jobs.attempts });
  return rows.map(({ orgId, ...job }) => ({ scope: mintOrgScope(orgId as OrganizationId), ...job }));
}

/** Others may claim the same ones in that moment and are stepped over: that many times the limit are looked at of each organization. */
const LOOKED_AT = 4;

/**
 * The jobs that are due next of each organization, with their turns: its first one waits for as many as the organization has under way. One with
 * 10,000 jobs keeps nobody waiting, and is done as fast as ever when nobody else has any. Organizations are found by steps through the index: 10 us
 * for each, however many jobs it has.
 */
function inTurn({ kinds, limit }: Pick<Claim, 'kinds' | 'limit'>): SQL {
  const ofKinds = sql.join(
    kinds.map((kind) => sql`${kind}`),
    sql`, `,
  );
  return sql`(
    with recursive owners as (
      (select org_id from jobs where state = 'ready' order by org_id limit 1)
      union all
      select (select next.org_id from jobs next where next.state = 'ready' and next.org_id > owners.org_id order by next.org_id limit 1)
      from owners where owners.org_id is not null
    ), under_way as (
      select org_id, count(*) as jobs from jobs where state = 'running' group by org_id
    )
    select first.org_id, first.id, coalesce(under_way.jobs, 0) + row_number() over (partition by first.org_id order by first.next_attempt_at) as turn
    from owners cross join lateral (
      select org_id, id, next_attempt_at from jobs
      where state = 'ready' and org_id = owners.org_id and next_attempt_at <= now() and kind in (${ofKinds})
      order by next_attempt_at limit ${limit * LOOKED_AT}
    ) first left join under_way on under_way.org_id = first.org_id
  ) as in_turn`;
}

type Failure = { readonly error: string; readonly retryInMs: number | null };

async function fail(queries: Queries, job: ClaimedJob, { error, retryInMs }: Failure): Promise<'ready' | 'dead' | 'lost'> {
  const isOver = retryInMs === null ? sql`true` : sql`${jobs.attempts} >= ${jobs.maxAttempts}`;
  const [ended] = await queries
    .update(jobs)
    .set({
      ...givenUpIf(isOver),
      nextAttemptAt: inMs(retryInMs ?? 0),
      lastError: storable(error.slice(0, MAX_ERROR_LENGTH)),
    })
    .where(heldBy(job))
    .returning({ state: jobs.state });
  if (!ended) return 'lost';
  return ended.state === 'dead' ? 'dead' : 'ready';
}

function givenUpIf(isOver: SQL) {
  return {
    state: sql`case when ${isOver} then 'dead' else 'ready' end`,
    endedAt: sql`case when ${isOver} then now() end`,
    leaseUntil: null,
  };
}

async function reap(queries: Queries): Promise<{ returned: number; dead: number }> {
  const expired = queries.$with('expired').as(
    queries
      .select({ orgId: jobs.orgId, id: jobs.id })
      .from(jobs)
      .where(and(isRunning, lt(jobs.leaseUntil, sql`now()`)))
      .limit(REAPED_AT_ONCE)
      .for('update', { skipLocked: true }),
  );
  const reaped = await queries
    .with(expired)
    .update(jobs)
    .set({
      ...givenUpIf(sql`${jobs.attempts} >= ${jobs.maxAttempts}`),
      nextAttemptAt: sql`now()`,
      lastError: sql`'the worker of attempt ' || ${jobs.attempts} || ' went away: its process died or lost the database'`,
    })
    .from(expired)
    .where(and(eq(jobs.orgId, expired.orgId), eq(jobs.id, expired.id)))
    .returning({ state: jobs.state });
  const dead = reaped.filter(({ state }) => state === 'dead').length;
  return { returned: reaped.length - dead, dead };
}

/** One select for each state, so that each has its index: most rows of the table are done. */
async function depth(queries: Queries): Promise<QueueDepth> {
  const rows = count();
  const [ready] = await queries
    .select({ rows, oldest: min(jobs.nextAttemptAt), now: sql`now()`.mapWith(jobs.nextAttemptAt) })
    .from(jobs)
    .where(isReady);
  const [running] = await queries.select({ rows }).from(jobs).where(isRunning);
  const [dead] = await queries
    .select({ rows })
    .from(jobs)
    .where(sql`${jobs.state} = 'dead' and ${jobs.endedAt} is not null`);
  const oldestDueMs = ready?.oldest ? Math.max(0, ready.now.getTime() - ready.oldest.getTime()) : 0;
  return { ready: ready?.rows ?? 0, running: running?.rows ?? 0, dead: dead?.rows ?? 0, oldestDueMs };
}
