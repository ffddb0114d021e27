// The admin's hand on the queue: what waits and what was given up, asking for it again, and taking away what is long over.
import { and, desc, eq, inArray, lt, sql } from 'drizzle-orm';
import type { Database, ReadScope } from '#db/client.ts';
import type { jobStates } from '#db/schema/jobs.ts';
import { jobs } from '#db/schema/jobs.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import { checkStays } from '#features/access/organization-stay-store.ts';
import type { Actor } from '#shared/actor.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import { onOrganization } from '#shared/appliance-scope.ts';
import type { OrganizationId } from '#shared/id.ts';
import { wakeWorkers } from './job-queue-store.ts';

export type JobState = (typeof jobStates)[number];

/** A job as the admin sees it. */
export type JobSummary = Omit<typeof jobs.$inferSelect, 'orgId' | 'id' | 'payload' | 'leaseUntil'> & {
  readonly organizationId: string;
  readonly jobId: string;
};

/** What became of asking for a job again. */
export type RetryOutcome =
  | { readonly kind: 'done'; readonly job: JobSummary }
  | { readonly kind: 'not_dead'; readonly state: JobState }
  | null;

export type JobAdminStore = {
  /** Jobs in a state, the newest first, at most `limit`, those with smaller ids than `before` only. */
  list(scope: ReadScope, query: { state: JobState; limit: number; before: string | null }): Promise<JobSummary[]>;
  /** Puts a job that was given up back, with all its attempts; refused for an organization that waits to be deleted. Null when there is no such job. */
  retry(by: { scope: ApplianceScope; actor: Actor }, jobId: string): Promise<RetryOutcome>;
  /** Removes jobs that were done before `doneBefore` and those given up before `deadBefore`. Returns how many. */
  removeEnded(scope: ApplianceScope, before: { doneBefore: Date; deadBefore: Date }): Promise<number>;
};

const columns = {
  organizationId: jobs.orgId,
  jobId: jobs.id,
  kind: jobs.kind,
  key: jobs.key,
  state: jobs.state,
  attempts: jobs.attempts,
  maxAttempts: jobs.maxAttempts,
  nextAttemptAt: jobs.nextAttemptAt,
  lastError: jobs.lastError,
  createdAt: jobs.createdAt,
  endedAt: jobs.endedAt,
};

export function createJobAdminStore({ database, audit }: { database: Database; audit: AuditTrail }): JobAdminStore {
  return {
    list: (scope, { state, limit, before }) =>
      database.inScope(scope, (queries) =>
        queries
          .select(columns)
          .from(jobs)
          .where(
            and(
              'organizationId' in scope ? eq(jobs.orgId, scope.organizationId) : undefined,
              eq(jobs.state, state),
              before === null ? undefined : lt(jobs.id, before),
            ),
          )
          .orderBy(desc(jobs.id))
          .limit(limit),
      ),
    retry: (by, jobId) =>
      database.inAppliance(by.scope, async (queries) => {
        const [owner] = await queries.select({ orgId: jobs.orgId }).from(jobs).where(eq(jobs.id, jobId));
        if (!owner) return null;
        await checkStays(queries, onOrganization(by.scope, owner.orgId as OrganizationId));
        const [found] = await queries.select(columns).from(jobs).where(eq(jobs.id, jobId)).for('update');
        if (!found) return null;
        if (found.state !== 'dead') return { kind: 'not_dead', state: found.state };
        const [job] = await queries
          .update(jobs)
          .set({ state: 'ready', attempts: 0, nextAttemptAt: sql`now()`, endedAt: null })
          .where(and(eq(jobs.orgId, found.organizationId), eq(jobs.id, jobId)))
          .returning(columns);
        if (!job) throw new Error(`${jobId} went away while it was locked`);
        const own = { scope: onOrganization(by.scope, job.organizationId as OrganizationId), actor: by.actor };
        await audit.append(queries, own, { action: 'job.retried', resource: jobId, details: { kind: job.kind, key: job.key } });
        await wakeWorkers(queries);
        return { kind: 'done', job };
      }),
    removeEnded: (scope, { doneBefore, deadBefore }) =>
      database.inAppliance(scope, async (queries) => {
        let removed = 0;
        for (const [state, before] of [
          ['done', doneBefore],
          ['dead', deadBefore],
        ] as const) {
          const old = queries
            .select({ id: jobs.id })
            .from(jobs)
            .where(and(eq(jobs.state, state), lt(jobs.endedAt, before)));
          removed += (await queries.delete(jobs).where(inArray(jobs.id, old)).returning({ id: jobs.id })).length;
        }
        return removed;
      }),
  };
}
