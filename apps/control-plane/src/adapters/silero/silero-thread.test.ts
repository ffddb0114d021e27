import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, vi } from 'vitest';
import { silentLog } from '#shared/log.ts';
import { openSilero } from './silero.ts';

const threadUrl = new URL('./testing/crashing-worker.ts', import.meta.url);

it('a thread that breaks is replaced once with the state of every stream lost; when it breaks again the failure is told', async () => {
  const failures: Error[] = [];
  await using silero = await openSilero({ log: silentLog, threadUrl, onFailed: (error) => failures.push(error) });
  const heard: { fresh: number; atMs: number }[] = [];
  const stream = silero.openStream(({ probability, atMs }) => heard.push({ fresh: probability, atMs }));
  const say = (atMs: number) => stream.push(new Int16Array(512), atMs);
  for (const atMs of [1, 2]) {
    say(atMs);
    await vi.waitUntil(() => heard.at(-1)?.atMs === atMs);
  }
  say(3); // lost with the first crash
  say(4);
  await vi.waitUntil(() => heard.at(-1)?.atMs === 4, { timeout: 10_000 });
  say(5);
  await vi.waitUntil(() => heard.at(-1)?.atMs === 5);
  expect(failures).toEqual([]);
  say(6); // the second crash
  await vi.waitUntil(() => failures.length === 1, { timeout: 10_000 });
  expect(failures[0]?.message).toMatch(/broke again within a minute/);
  expect(heard).toEqual([
    { fresh: 1, atMs: 1 },
    { fresh: 0, atMs: 2 },
    { fresh: 1, atMs: 4 },
    { fresh: 0, atMs: 5 },
  ]);
  expect(() => silero.openStream(() => undefined)).toThrow(/does not run/);
});

it('the library keeps no identity of the machine and starts no reporting of usage', async () => {
  const home = await mkdtemp(join(tmpdir(), 'silero-home-'));
  try {
    // A process of its own: the library decides once, when it is loaded, and keeps what it knows of a machine under HOME.
    const program = `
      import { openSilero } from ${JSON.stringify(new URL('./silero.ts', import.meta.url).href)};
      import { silentLog } from ${JSON.stringify(new URL('../../shared/log.ts', import.meta.url).href)};
      await using silero = await openSilero({ log: silentLog });
      console.log('opened');`;
    const env = { PATH: '/usr/bin:/bin', HOME: home };
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], { env });
    expect(stdout).toBe('opened\n');
    expect(stderr).not.toMatch(/telemetry/i);
    expect(await readdir(home)).toEqual([]);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
