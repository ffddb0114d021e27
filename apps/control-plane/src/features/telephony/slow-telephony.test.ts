import { expect, it } from 'vitest';
import { Registry } from 'prom-client';
import type { Log } from '#shared/log.ts';
import { silentLog } from '#shared/log.ts';
import { withSlowTelephonyLogged } from './slow-telephony.ts';
import { createTelephonyMetrics } from './telephony-metrics.ts';

it('tells of slow requests and late events, of many requests in a second and many events in a minute once, and counts all of them', async () => {
  let nowMs = 0;
  const lines: unknown[] = [];
  const log: Log = { ...silentLog, warn: (fields) => void lines.push(fields) };
  const registry = new Registry();
  const observer = withSlowTelephonyLogged(createTelephonyMetrics(registry), { log, clock: { nowMs: () => nowMs } });
  observer.requested({ operation: 'answer', code: '204', tookMs: 12 });
  observer.requested({ operation: 'answer', code: '204', tookMs: 412.4 });
  observer.requested({ operation: 'hang_up', code: '204', tookMs: 450 });
  observer.heard(40);
  observer.heard(5_012.3);
  nowMs = 1_500;
  observer.requested({ operation: 'bridge', code: 'timeout', tookMs: 5_000 });
  observer.heard(5_000);
  nowMs = 59_999;
  observer.heard(5_000);
  nowMs = 60_000;
  observer.heard(4_000);
  expect(lines).toEqual([
    { operation: 'answer', code: '204', tookMs: 412, others: 0 },
    { lagMs: 5_012, others: 0 },
    { operation: 'bridge', code: 'timeout', tookMs: 5_000, others: 1 },
    { lagMs: 4_000, others: 2 },
  ]);
  expect(await registry.metrics()).toMatch(/centralita_ari_event_lag_seconds_count 5/);
});
