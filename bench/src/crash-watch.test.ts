import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { watchCrashes } from './crash-watch.ts';

let folder: string;
let logFile: string;
const started: ChildProcess[] = [];
const start = (): ChildProcess => {
  const child = spawn('sleep', ['60']);
  started.push(child);
  return child;
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crash-watch-'));
  logFile = join(folder, 'log');
  await writeFile(logFile, 'Ready\nFRACK! of before\n');
});
afterEach(async () => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

it('a process that lives on has not crashed, one that was killed or replaced has', async () => {
  let child = start();
  const watch = await watchCrashes([{ name: 'it', pid: () => child.pid ?? -1, logFile, fatal: /FRACK!/ }]);
  expect(await watch.crashes()).toEqual([]);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await watch.crashes()).toHaveLength(1);
  child = start();
  expect(await watch.crashes()).toHaveLength(1);
});

it('a line that tells of a fault counts, when it came after the beginning', async () => {
  const child = start();
  const watch = await watchCrashes([{ name: 'it', pid: () => child.pid ?? -1, logFile, fatal: /FRACK!/ }]);
  await appendFile(logFile, 'all is well\nFRACK! now\n');
  expect(await watch.crashes()).toEqual(['it wrote: FRACK! now']);
});
