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
