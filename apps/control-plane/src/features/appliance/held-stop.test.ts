import { afterEach, expect, it, vi } from 'vitest';
import type { Actor } from '#shared/actor.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { systemClock } from '#shared/clock.ts';
import { silentLog } from '#shared/log.ts';
import type { GlobalStop } from './global-stop.ts';
import { openGlobalStop } from './global-stop.ts';
import type { GlobalStopStore, StopState } from './global-stop-store.ts';

const by = { scope: mintApplianceScope(), actor: { kind: 'admin', name: 'admin', address: null, requestId: null } satisfies Actor };
const stop = { state: 'stopped', cause: 'admin', reason: 'fire' } as const;
const resume = { state: 'running', cause: 'admin', reason: 'over' } as const;
const away = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });

/** A database of one row that can be away, or hang. */
function openRow() {
  const row: { state: StopState; mood: 'well' | 'away' | 'hangs'; changes: string[] } = {
    state: { state: 'running', cause: 'admin', reason: '', revision: 3, changedAt: new Date(0) },
    mood: 'well',
    changes: [],
  };
  const answer = async (): Promise<void> => {
    if (row.mood === 'away') throw away;
    await vi.waitUntil(() => row.mood !== 'hangs', { timeout: 60_000, interval: 10 });
  };
  const store: GlobalStopStore = {
    async read() {
      await answer();
      return row.state;
    },
    async change(_by, wish) {
      await answer();
      row.changes.push(`${wish.state} ${wish.reason}`);
      const changed = row.state.state !== wish.state;
      if (changed) row.state = { ...wish, revision: row.state.revision + 1, changedAt: new Date(1) };
      return { ...row.state, changed };
    },
  };
  return { row, store };
}

const opened: GlobalStop[] = [];
async function open(store: GlobalStopStore): Promise<GlobalStop> {
  const openChanges = () => ({ [Symbol.asyncDispose]: async () => {} });
  const globalStop = await openGlobalStop({ store, openChanges, clock: systemClock, log: silentLog });
  opened.push(globalStop);
  return globalStop;
}
afterEach(async () => {
  for (const globalStop of opened.splice(0)) await globalStop[Symbol.asyncDispose]();
});

it('holds while the database is away, says that it is not stored, and is stored once the database is back', async () => {
  const { row, store } = openRow();
  const globalStop = await open(store);
  row.mood = 'away';
  expect(await globalStop.change(by, stop)).toMatchObject({ state: 'stopped', reason: 'fire', changed: true, stored: false });
  expect([globalStop.isStopped(), globalStop.current()?.reason, (await globalStop.read()).state]).toEqual([true, 'fire', 'stopped']);
  expect(globalStop.isStored()).toBe(false);
  row.mood = 'well';
  await expect.poll(() => row.changes, { timeout: 10_000 }).toEqual(['stopped fire']);
  await expect.poll(() => globalStop.current()?.revision).toBe(4);
  expect([globalStop.isStopped(), globalStop.isStored()]).toEqual([true, true]);
});

it('is answered although the database hangs', async () => {
  const { row, store } = openRow();
  const globalStop = await open(store);
  row.mood = 'hangs';
  const answer = globalStop.change(by, stop);
  expect(globalStop.isStopped()).toBe(true);
  expect(await answer).toMatchObject({ state: 'stopped', stored: false });
  row.mood = 'well';
  await expect.poll(() => globalStop.current()?.revision, { timeout: 10_000 }).toBe(4);
});

it('is taken back by a person also while the database is away, and by nobody else', async () => {
  const { row, store } = openRow();
  const globalStop = await open(store);
  row.mood = 'away';
  await globalStop.change(by, stop);
  expect(await globalStop.change(by, { ...resume, cause: 'probes', ifRevision: 3 })).toMatchObject({ state: 'stopped', changed: false });
  expect(await globalStop.change(by, resume)).toMatchObject({ state: 'running', revision: 3, changed: true });
  expect(globalStop.isStopped()).toBe(false);
  row.mood = 'well';
  expect((await globalStop.read()).state).toBe('running');
  expect(row.changes).toEqual([]);
});

it('holds nothing when the stop was refused for another reason', async () => {
  const { store } = openRow();
  const globalStop = await open({ ...store, change: () => Promise.reject(new Error('a bug')) });
  await expect(globalStop.change(by, stop)).rejects.toThrow('a bug');
  expect(globalStop.isStopped()).toBe(false);
});

it("of a person's that is not stored yet is not replaced by that of the failure watch", async () => {
  const { row, store } = openRow();
  const globalStop = await open(store);
  row.mood = 'away';
  await globalStop.change(by, stop);
  const byFailures = await globalStop.change(by, { state: 'stopped', cause: 'failures', reason: '5 of 5' });
  expect(byFailures).toMatchObject({ cause: 'admin', reason: 'fire', changed: false, stored: false });
  row.mood = 'well';
  await expect.poll(() => row.changes, { timeout: 10_000 }).toEqual(['stopped fire']);
  expect(globalStop.current()).toMatchObject({ cause: 'admin', reason: 'fire' });
});

it('is taken back only after the slowest store of a stop, so that no stop comes after the resumption', async () => {
  const { row, store } = openRow();
  const slow = Promise.withResolvers<void>();
  const change: GlobalStopStore['change'] = async (who, wish) => {
    if (wish.reason === 'fire') await slow.promise;
    return await store.change(who, wish);
  };
  const globalStop = await open({ ...store, change });
  const first = globalStop.change(by, stop);
  row.mood = 'hangs';
  await Promise.all([first, globalStop.change(by, { ...stop, reason: 'flood' })]);
  const resumed = globalStop.change(by, resume);
  row.mood = 'well';
  setTimeout(slow.resolve, 200);
  expect(await resumed).toMatchObject({ state: 'running' });
  expect(row.changes).toEqual(['stopped flood', 'stopped fire', 'running over']);
});

it('is taken back in the database too when that has it and only its answer was lost', async () => {
  const { row, store } = openRow();
  let isLost = true;
  const change: GlobalStopStore['change'] = async (who, wish) => {
    const changed = await store.change(who, wish);
    if (isLost) throw away;
    return changed;
  };
  const globalStop = await open({ ...store, change });
  expect(await globalStop.change(by, stop)).toMatchObject({ stored: false });
  isLost = false;
  expect(await globalStop.change(by, resume)).toMatchObject({ state: 'running', revision: 5, stored: true });
  expect([globalStop.isStopped(), row.changes]).toEqual([false, ['stopped fire', 'running over']]);
});
