// Runs of scheduled jobs as rows: whoever inserts a due time first runs the job, on whichever server, and no leader is needed.
import { and, eq, lt, sql } from 'drizzle-orm';
import type { Database } from '#db/client.ts';
import { jobRuns } from '#db/schema/job-runs.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';

/** A run: the job and the time at which it was due. */
export type JobRunKey = { readonly name: string; readonly dueAt: Date };

export type JobRunStore = {
  /** True for the one caller, of all servers, that is to run the job. */
  claim(scope: ApplianceScope, run: JobRunKey): Promise<boolean>;
  /** Writes down that it ended; `error` is null when it succeeded. */
  end(scope: ApplianceScope, run: JobRunKey, error: string | null): Promise<void>;
  /** Removes runs that were due before `before`. Returns how many. */
  removeBefore(scope: ApplianceScope, before: Date): Promise<number>;
};

export function createJobRunStore(database: Database): JobRunStore {
  return {
    claim: (scope, { name, dueAt }) =>
      database.inAppliance(scope, async (queries) => {
        const claimed = await queries.insert(jobRuns).values({ name, dueAt }).onConflictDoNothing().returning({ name: jobRuns.name });
        return claimed.length > 0;
      }),
    end: (scope, { name, dueAt }, error) =>
      database.inAppliance(scope, async (queries) => {
        await queries
          .update(jobRuns)
          .set({ endedAt: sql`now()`, error })
          .where(and(eq(jobRuns.name, name), eq(jobRuns.dueAt, dueAt)));
      }),
    removeBefore: (scope, before) =>
      database.inAppliance(scope, async (queries) => {
        const removed = await queries.delete(jobRuns).where(lt(jobRuns.dueAt, before)).returning({ name: jobRuns.name });
        return removed.length;
      }),
  };
}
