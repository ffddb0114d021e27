// Does the jobs that are left: takes what is due, says that it lives while it works, and puts back or gives up what failed.
import type { Database } from '#db/client.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';
import { orAborted, pause, within } from '#shared/waiting.ts';
import { retryDelayMs } from './job-backoff.ts';
import type { JobObserver } from './job-metrics.ts';
import type { ClaimedJob, JobHandler, JobQueueStore } from './job-queue-store.ts';
import { FinalJobError, JOB_WAKE_UPS } from './job-queue-store.ts';

/** Times of a worker, ms, and how much it does at once. */
export type JobWorkerLimits = {
  readonly atOnce: number;
  /** A worker that says nothing for this long is taken for dead. */
  readonly leaseMs: number;
  /** Between looks at the queue when no notification comes: jobs that wait for another attempt, leases that ran out, notifications that were missed. */
  readonly pollMs: number;
  /** How long running jobs may go on at a stop before they are cancelled, and then again before they are left to their lease. */
  readonly drainMs: number;
};

/** After-call work waits on one model: more at once would only queue there. */
export const JOB_WORKER_LIMITS: JobWorkerLimits = { atOnce: 4, leaseMs: 30_000, pollMs: 2_000, drainMs: 5_000 };

export type JobWorkerParts = {
  readonly database: Pick<Database, 'listen'>;
  readonly queue: JobQueueStore;
  readonly handlers: readonly JobHandler[];
  readonly observe: JobObserver;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: JobWorkerLimits;
};

/** Starts working. Disposing it takes nothing more and waits for what runs. */
export function openJobWorker({ limits = JOB_WORKER_LIMITS, ...parts }: JobWorkerParts): AsyncDisposable {
  const scope = mintApplianceScope();
  const { queue, handlers, observe, clock, log } = parts;
  const kinds = handlers.map(({ kind }) => kind);
  const stopping = new AbortController();
  const cancelling = new AbortController();
  const running = new Set<Promise<void>>();
  let woken = Promise.withResolvers<void>();
  let listening: AsyncDisposable | null = null;

  function start(job: ClaimedJob): void {
    const attempt = attemptJob({ ...parts, scope, limits, stop: cancelling.signal }, job)
      .catch((error: unknown) => {
        // The database is away: the lease runs out and the job comes back.
        log.error({ jobId: job.jobId, kind: job.kind, error: loggableError(error) }, 'job could not be ended; its lease brings it back');
      })
      .finally(() => {
        running.delete(attempt);
        woken.resolve();
      });
    running.add(attempt);
  }

  async function look(): Promise<void> {
    // Only once the database answers: the driver keeps a listener that could not listen and tries it again by itself.
    const reaped = await queue.reap(scope);
    if (reaped.returned + reaped.dead > 0) log.warn(reaped, 'jobs of workers that went away were taken back');
    listening ??= await parts.database.listen(JOB_WAKE_UPS, () => woken.resolve());
    const free = limits.atOnce - running.size;
    if (free > 0) for (const job of await queue.claim(scope, { kinds, limit: free, leaseMs: limits.leaseMs })) start(job);
    observe.depth(await queue.depth(scope));
  }

  async function work(): Promise<void> {
    while (!stopping.signal.aborted) {
      // Before the look: what is left while it looks wakes the next one.
      woken = Promise.withResolvers();
      const startedAtMs = clock.nowMs();
      await look().catch((error: unknown) => {
        log.warn(
          { error: loggableError(error), tookMs: clock.nowMs() - startedAtMs },
          'jobs cannot be looked at; the next look tries again',
        );
      });
      await Promise.race([woken.promise, pause(limits.pollMs, stopping.signal)]);
    }
  }

  const working = work();
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      // A look that waits for a database that is away keeps no process from stopping.
      await within(working, limits.drainMs);
      await listening?.[Symbol.asyncDispose]();
      const settled = () => Promise.allSettled(running);
      await within(settled(), limits.drainMs);
      cancelling.abort(new Error('the process stops'));
      await within(settled(), limits.drainMs);
      if (running.size > 0) log.error({ jobs: running.size }, 'jobs that do not stop are left to their leases');
    },
  };
}

type Attempt = Omit<JobWorkerParts, 'limits'> & {
  readonly scope: ReturnType<typeof mintApplianceScope>;
  readonly limits: JobWorkerLimits;
  /** Aborts when the process can wait no longer. */
  readonly stop: AbortSignal;
};

async function attemptJob({ queue, handlers, observe, clock, log, scope, limits, stop }: Attempt, job: ClaimedJob): Promise<void> {
  const handler = handlers.find(({ kind }) => kind === job.kind);
  if (!handler) throw new Error(`a job of kind "${job.kind}" was taken that nobody does`);
  const { jobId, kind, attempt } = job;
  const jobLog = log.child({ jobId, kind, attempt, organizationId: job.scope.organizationId });
  const startedAtMs = clock.nowMs();
  const lost = new AbortController();
  const over = new AbortController();
  const beating = sayAlive({
    beat: () => queue.extend(scope, job, limits.leaseMs),
    everyMs: limits.leaseMs / 3,
    lost,
    signal: over.signal,
  });
  const ended = (outcome: Parameters<JobObserver['ended']>[0]['outcome']) =>
    observe.ended({ kind, outcome, tookMs: clock.nowMs() - startedAtMs });
  try {
    const signal = AbortSignal.any([stop, lost.signal, AbortSignal.timeout(handler.timeoutMs)]);
    // A handler that does not listen to its signal keeps neither the slot nor the process.
    const write = await orAborted(handler.run(job, { signal, log: jobLog }), signal);
    const isOurs = await queue.finish(job, write);
    ended(isOurs ? 'done' : 'lost');
    if (!isOurs) jobLog.warn({}, 'job was taken over by another worker: nothing was written');
  } catch (error) {
    if (stop.aborted) {
      await queue.release(scope, job);
      return ended('released');
    }
    const retryInMs = error instanceof FinalJobError ? null : retryDelayMs(attempt, Math.random());
    const failed = await queue.fail(scope, job, { error: reasonOf(error), retryInMs });
    ended(failed === 'ready' ? 'failed' : failed);
    const fields = { error: loggableError(error), ...(failed === 'ready' ? { retryInMs } : {}) };
    if (failed === 'dead') jobLog.error(fields, 'job was given up; it can be asked for again at /admin/jobs');
    else jobLog.warn(fields, failed === 'lost' ? 'job failed after another worker had taken it over' : 'job failed and is tried again');
  } finally {
    over.abort();
    await beating;
  }
}

type Beating = { beat: () => Promise<boolean>; everyMs: number; lost: AbortController; signal: AbortSignal };

/** One beat that fails is made up for by the next; once the lease is gone the job is somebody else's. */
async function sayAlive({ beat, everyMs, lost, signal }: Beating): Promise<void> {
  for (;;) {
    await pause(everyMs, signal);
    if (signal.aborted) return;
    const isHeld = await beat().catch(() => true);
    if (!isHeld) {
      lost.abort(new Error('the lease of the job ran out and another worker has it'));
      return;
    }
  }
}

/** The messages of an error and its causes, without the values that a query carried. */
function reasonOf(error: unknown): string {
  return loggableError(error)
    .causes.map(({ message }) => message)
    .join(': ');
}
