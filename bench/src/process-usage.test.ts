import { expect, it } from 'vitest';
import { corePercent, usageOf } from './process-usage.ts';

it('reads what a process takes', async () => {
  const before = await usageOf(process.pid);
  const untilMs = performance.now() + 100;
  while (performance.now() < untilMs) continue;
  const after = await usageOf(process.pid);
  expect(after.cpuSeconds).toBeGreaterThan(before.cpuSeconds);
  expect(after.residentBytes).toBeGreaterThan(10_000_000);
  expect(after.residentBytes).toBeLessThan(process.memoryUsage.rss() * 2);
});

it('turns two readings into a share of one core', () => {
  const reading = { residentBytes: 0, cpuSeconds: 1, atMs: 0 };
  expect(corePercent(reading, { ...reading, cpuSeconds: 1.5, atMs: 2_000 })).toBe(25);
});

it('throws when the process is gone', async () => {
  await expect(usageOf(2 ** 22 + 1)).rejects.toThrow(/ENOENT/);
});
