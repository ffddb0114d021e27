import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ResourceProbe } from '#ports/resource-probe.ts';
import { silentLog } from '#shared/log.ts';
import { openCapacityWatch } from './capacity-watch.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A watch over a server on which nothing happens. */
function openWatch() {
  const signals: AbortSignal[] = [];
  const probe: ResourceProbe = {
    host: () => ({ cores: 2, cpuSeconds: 0, memoryUsedBytes: 1, memoryTotalBytes: 2 }),
    asterisk: async () => null,
    postgres: async () => null,
    inference: async () => null,
    models: async ({ signal }) => (signals.push(signal), []),
    gpu: async () => null,
  };
  const store = {
    insert: async () => {},
    listRecent: async () => [],
    thin: async () => 0,
    findLastTest: async () => null,
    recordTest: async () => Promise.reject(new Error('nobody tests')),
  };
  const low = { sinceMs: null as number | null };
  const watch = openCapacityWatch({
    probe,
    store,
    askDatabase: async () => ({ backendPid: 1 }),
    journalDepth: () => 0,
    liveCalls: () => 0,
    configuredCalls: 10,
    descriptorsLowSinceMs: () => low.sinceMs,
    limits: { byEstimate: false, gapP95Ms: 3_000, queueP95Ms: 500 },
    clock: { nowMs: () => Date.now(), wallAt: () => new Date() },
    log: silentLog,
  });
  return { watch, signals, low };
}

it('looks again and again and leaves nothing behind at the signal that ends it', async () => {
  const { watch, signals } = openWatch();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(signals.length).toBeGreaterThan(60);
  expect(getEventListeners(signals[0] as AbortSignal, 'abort').length).toBeLessThanOrEqual(2);
  await watch[Symbol.asyncDispose]();
  expect(vi.getTimerCount()).toBe(0);
});

it('takes no call while the process can open hardly a file more, and takes calls again at once', async () => {
  const { watch, low } = openWatch();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(watch.admission().gate.kind).toBe('open');
  low.sinceMs = 7;
  expect(watch.admission().gate).toMatchObject({ kind: 'closed', cause: 'file_descriptors', sinceMs: 7 });
  low.sinceMs = null;
  expect(watch.admission().gate.kind).toBe('open');
  await watch[Symbol.asyncDispose]();
});
