// What the appliance does by the clock: each job runs once per due time on all servers together, and never twice at once in one process.
import { createTask } from 'node-cron';
import type { ScheduledTask } from 'node-cron';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';
import type { JobRunStore } from './job-run-store.ts';

/** What a job is told when it runs. */
export type JobRun = {
  readonly scope: ApplianceScope;
  /** The time at which it was due, the same on every server. */
  readonly at: Date;
  /** Aborts when the process stops. */
  readonly signal: AbortSignal;
  readonly log: Log;
};
/** Something to do by the clock. */
export type ScheduledJob = {
  /** Unique; a row per run is kept under it. */
  readonly name: string;
  /** Five fields of cron, in UTC. */
  readonly schedule: string;
  /** Throws when it failed: the next due time tries again. */
  readonly run: (run: JobRun) => Promise<void>;
};
/** What became of a due time: run here, run elsewhere, or left out because the one before still runs here. */
export type JobOutcome = 'succeeded' | 'failed' | 'taken' | 'still_running' | 'stopping';

export type JobScheduler = AsyncDisposable & {
  /** Runs a job as if `dueAt` had come. Throws for a name that no job has. */
  runDue(name: string, dueAt: Date): Promise<JobOutcome>;
};

/** Longest text of an error that is kept with a run. */
const MAX_ERROR_LENGTH = 1_000;

export type JobSchedulerParts = { readonly jobs: readonly ScheduledJob[]; readonly runs: JobRunStore; readonly log: Log };

/** Starts the clock. Disposing it starts nothing more, tells what runs to stop, and waits for it. */
export function openJobScheduler({ jobs, runs, log }: JobSchedulerParts): JobScheduler {
  const scope = mintApplianceScope();
  const stopping = new AbortController();
  const running = new Map<string, Promise<JobOutcome>>();

  async function claimAndRun(job: ScheduledJob, at: Date): Promise<JobOutcome> {
    const key = { name: job.name, dueAt: at };
    if (!(await runs.claim(scope, key))) return 'taken';
    const jobLog = log.child({ job: job.name });
    const failure = await job.run({ scope, at, signal: stopping.signal, log: jobLog }).then(
      () => null,
      (error: unknown) => loggableError(error),
    );
    if (failure) jobLog.error({ error: failure, dueAt: at.toISOString() }, 'scheduled job failed');
    const text =
      failure &&
      failure.causes
        .map(({ message }) => message)
        .join(': ')
        .slice(0, MAX_ERROR_LENGTH);
    await runs.end(scope, key, text);
    return failure ? 'failed' : 'succeeded';
  }

  async function runDue(job: ScheduledJob, at: Date): Promise<JobOutcome> {
    if (stopping.signal.aborted) return 'stopping';
    if (running.has(job.name)) return 'still_running';
    const run = claimAndRun(job, at).finally(() => running.delete(job.name));
    running.set(job.name, run);
    return run;
  }

  const tasks = jobs.map((job) =>
    startTask(job, async (dueAt) => {
      const outcome = await runDue(job, dueAt).catch((error: unknown) => {
        // The database is away: nobody has claimed this due time, and the next one comes.
        log.error({ job: job.name, error: loggableError(error) }, 'scheduled job could not be started or ended');
        return null;
      });
      if (outcome === 'still_running') log.warn({ job: job.name, dueAt: dueAt.toISOString() }, 'scheduled job left out: it still runs');
    }),
  );

  return {
    async runDue(name, dueAt) {
      const job = jobs.find((candidate) => candidate.name === name);
      if (!job) throw new Error(`there is no scheduled job "${name}"`);
      return runDue(job, dueAt);
    },
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error('the process stops'));
      for (const task of tasks) await task.destroy();
      await Promise.allSettled(running.values());
    },
  };
}

/** UTC, so that every server has the same due times. A due time missed by a busy process is not made up for: another server or the next one has it. */
function startTask(job: ScheduledJob, onDue: (dueAt: Date) => Promise<void>): ScheduledTask {
  const options = { timezone: 'UTC', name: job.name, suppressMissedWarning: true, unref: true };
  const task = createTask(job.schedule, ({ date }) => onDue(date), options);
  void task.start();
  return task;
}
