// The job queue as Prometheus series. No label carries an organization or what a job is about.
import type { Registry } from 'prom-client';
import { Counter, Gauge, Histogram } from 'prom-client';
import type { JobKind, QueueDepth } from './job-queue-store.ts';

/** How an attempt ended: `failed` is tried again, `dead` is given up, `lost` was taken over by another worker, `released` was cut short by a stop. */
export type AttemptOutcome = 'done' | 'failed' | 'dead' | 'lost' | 'released';

/** What the worker tells. */
export type JobObserver = {
  depth(depth: QueueDepth): void;
  ended(attempt: { kind: JobKind; outcome: AttemptOutcome; tookMs: number }): void;
};

/** From rules, which take milliseconds, to a model that is waited for. */
const ATTEMPT_BUCKETS_S = [0.01, 0.05, 0.2, 1, 5, 15, 60, 180];

/** Registers the series; returns what sets them. */
export function createJobMetrics(registry: Registry): JobObserver {
  const registers = [registry];
  const jobs = new Gauge({
    name: 'centralita_jobs',
    help: 'Jobs that wait, run or were given up, on all servers together, at the last look of this one',
    labelNames: ['state'],
    registers,
  });
  const oldest = new Gauge({
    name: 'centralita_jobs_oldest_due_seconds',
    help: 'How long the oldest job that is due has waited, at the last look of this server',
    registers,
  });
  const attempts = new Counter({
    name: 'centralita_job_attempts_total',
    help: 'Attempts at jobs that ended in this process, by kind and outcome',
    labelNames: ['kind', 'outcome'],
    registers,
  });
  const took = new Histogram({
    name: 'centralita_job_attempt_seconds',
    help: 'Time that an attempt at a job took',
    labelNames: ['kind'],
    buckets: ATTEMPT_BUCKETS_S,
    registers,
  });
  return {
    depth({ oldestDueMs, ...states }) {
      for (const [state, count] of Object.entries(states)) jobs.set({ state }, count);
      oldest.set(oldestDueMs / 1_000);
    },
    ended({ kind, outcome, tookMs }) {
      attempts.inc({ kind, outcome });
      took.observe({ kind }, tookMs / 1_000);
    },
  };
}
