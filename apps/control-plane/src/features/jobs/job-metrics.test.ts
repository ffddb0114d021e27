import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { createJobMetrics } from './job-metrics.ts';

it('the queue is seen as series: how much is in each state, how long the oldest waits, and how attempts end', async () => {
  const registry = new Registry();
  const observe = createJobMetrics(registry);
  observe.depth({ ready: 3, running: 1, dead: 2, oldestDueMs: 4_500 });
  observe.depth({ ready: 2, running: 1, dead: 2, oldestDueMs: 1_500 });
  observe.ended({ kind: 'call_outcome', outcome: 'failed', tookMs: 60 });
  observe.ended({ kind: 'call_outcome', outcome: 'done', tookMs: 2_000 });
  const lines = (await registry.metrics()).split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'centralita_jobs{state="ready"} 2',
      'centralita_jobs{state="dead"} 2',
      'centralita_jobs_oldest_due_seconds 1.5',
      'centralita_job_attempts_total{kind="call_outcome",outcome="failed"} 1',
      'centralita_job_attempts_total{kind="call_outcome",outcome="done"} 1',
      'centralita_job_attempt_seconds_sum{kind="call_outcome"} 2.06',
    ]),
  );
});
