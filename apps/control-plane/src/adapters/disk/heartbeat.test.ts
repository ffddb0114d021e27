import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Log } from '#shared/log.ts';
import { silentLog } from '#shared/log.ts';
import { startHeartbeat } from './heartbeat.ts';

const HOUR_MS = 3_600_000;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heartbeat-'));
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date', 'performance'] });
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(folder, { recursive: true });
});

it('tells the next process until when it lived', async () => {
  using first = await startHeartbeat({ folder, log: silentLog });
  expect(first.lastAliveAt).toBeNull();
  const livedUntil = Date.now();
  await expect.poll(async () => (await stat(join(folder, 'alive'))).mtime.getTime()).toBe(livedUntil);
  using second = await startHeartbeat({ folder, log: silentLog });
  expect(second.lastAliveAt?.getTime()).toBe(livedUntil);
});

it('says how long the process stood still', async () => {
  const stalls: unknown[] = [];
  const log: Log = { ...silentLog, warn: (fields) => void stalls.push(fields) };
  let stoppedMs = 0;
  using heartbeat = await startHeartbeat({ folder, log, nowMs: () => performance.now() + stoppedMs });
  vi.advanceTimersByTime(2_000);
  stoppedMs = 4_000;
  vi.setSystemTime(Date.now() + stoppedMs);
  vi.advanceTimersByTime(2_000);
  expect([stalls, heartbeat.stoodStillMs()]).toEqual([[{ lateMs: 4_000 }], 4_000]);
});

it('says by how much the wall clock was set, once, and nothing while it goes', async () => {
  const jumps: unknown[] = [];
  const log: Log = { ...silentLog, warn: (fields) => void jumps.push(fields) };
  using heartbeat = await startHeartbeat({ folder, log });
  vi.advanceTimersByTime(2_000);
  vi.setSystemTime(Date.now() + HOUR_MS);
  vi.advanceTimersByTime(2_000);
  vi.setSystemTime(Date.now() - 2 * HOUR_MS);
  vi.advanceTimersByTime(2_000);
  expect(jumps).toEqual([{ aheadMs: HOUR_MS }, { aheadMs: -2 * HOUR_MS }]);
  expect(heartbeat.clockJumps()).toBe(2);
});
