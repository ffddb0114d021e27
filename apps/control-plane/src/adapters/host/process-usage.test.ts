import { basename } from 'node:path';
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { readParent, readProcessTree } from './process-usage.ts';

it('reads what a process takes, its children with it', async () => {
  const name = (await readFile('/proc/self/comm', 'utf8')).trim();
  const before = await readProcessTree(process.pid, name);
  const until = performance.now() + 60;
  while (performance.now() < until);
  const after = await readProcessTree(process.pid, name);
  expect(after?.memoryBytes).toBeGreaterThan(10_000_000);
  expect((after?.cpuSeconds ?? 0) - (before?.cpuSeconds ?? 0)).toBeGreaterThan(0);
  expect(await readParent(process.pid)).toBe(process.ppid);
});

it('does not take another program for the one that was meant, nor a process that is gone', async () => {
  expect(await readProcessTree(process.pid, `no-${basename(process.execPath)}`)).toBeNull();
  expect(await readProcessTree(2 ** 22 + 1, 'node')).toBeNull();
  expect(await readParent(2 ** 22 + 1)).toBeNull();
});
