import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openMemoryTelephonyDirectory } from '#ports/testing/memory-telephony-directory.ts';
import type { DirectoryPhone } from '#ports/telephony-directory.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { systemClock } from '#shared/clock.ts';
import { silentLog } from '#shared/log.ts';
import type { DirectoryRow, DirectoryStore, EntryState } from './directory-store.ts';
import { openDirectorySync } from './directory-sync.ts';

const KEY = { kind: 'phone', name: '2001-clinica' } as const;
const phone: DirectoryPhone = {
  kind: 'phone',
  username: KEY.name,
  organizationSlug: 'clinica',
  extension: '2001',
  displayName: 'Recepción',
  digestHa1: 'a'.repeat(32),
};

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** The sync over one row, which may be away together with its database. */
function openSync() {
  const directory = openMemoryTelephonyDirectory();
  const noted: EntryState[] = [];
  const rows: { areAway: boolean; row: DirectoryRow | null } = { areAway: false, row: { key: KEY, version: new Date(1), says: phone } };
  const answer = <Answer>(given: Answer): Promise<Answer> =>
    rows.areAway ? Promise.reject(new Error('the database is away')) : Promise.resolve(given);
  const entries: DirectoryStore = {
    read: () => answer(rows.row ? [rows.row] : []),
    find: () => answer(rows.row),
    note: async (_scope, states) => void noted.push(...states),
    listOutOfStep: async () => [],
    noteRequest: async () => {},
  };
  const sync = openDirectorySync({ directory, entries, scope: mintApplianceScope(), clock: systemClock, log: silentLog });
  return { directory, noted, rows, sync };
}

it('a change that the telephone system refused is in it within seconds of when it takes changes again', async () => {
  const { directory, noted, sync } = openSync();
  await sync.reconcile();
  directory.entries.clear();
  directory.refuse('Asterisk is busy');
  expect(await sync.push(KEY)).toEqual({ state: 'failed', reason: 'Asterisk is busy' });
  directory.refuse(null);
  await vi.advanceTimersByTimeAsync(15_000);
  expect(directory.entries.get('phone 2001-clinica')).toEqual(phone);
  expect(noted.at(-1)).toMatchObject({ key: KEY, state: 'applied', reason: null });
  await sync[Symbol.asyncDispose]();
});

it('a change whose row could not be read is not lost', async () => {
  const { directory, rows, sync } = openSync();
  await sync.reconcile();
  directory.entries.clear();
  rows.areAway = true;
  expect(await sync.push(KEY)).toMatchObject({ state: 'pending' });
  rows.areAway = false;
  await vi.advanceTimersByTimeAsync(15_000);
  expect(directory.entries.size).toBe(1);
  await sync[Symbol.asyncDispose]();
});

const newer: DirectoryRow = { key: KEY, version: new Date(2), says: { ...phone, digestHa1: 'b'.repeat(32) } };

it.each<[string, DirectoryRow | null]>([
  ['has a new digest', newer],
  ['was removed', null],
])('a comparison that began before does not bring back a phone that %s meanwhile', async (_what, after) => {
  const { directory, noted, rows, sync } = openSync();
  await sync.reconcile();
  noted.length = 0;
  const reconcile = directory.reconcile.bind(directory);
  vi.spyOn(directory, 'reconcile').mockImplementationOnce(async (wanted, options) => {
    // Another process changes the row and tells the telephone system, after this one has read its rows.
    rows.row = after;
    if (after) directory.entries.set('phone 2001-clinica', after.says as DirectoryPhone);
    else directory.entries.clear();
    return await reconcile(wanted, options);
  });
  await sync.reconcile();
  expect([...directory.entries.values()]).toEqual(after ? [after.says] : []);
  expect(noted).toEqual(after ? [{ key: KEY, state: 'applied', reason: null, version: after.version }] : []);
  await sync[Symbol.asyncDispose]();
});

it.each(['a push', 'a comparison'])(
  '%s that overwrote what another process pushed in the same moment says the newer again',
  async (what) => {
    const { directory, noted, rows, sync } = openSync();
    await sync.reconcile();
    directory.entries.clear();
    // The row changes between the look and the write: the write below is of the old row.
    const set = directory.entries.set.bind(directory.entries);
    vi.spyOn(directory.entries, 'set').mockImplementationOnce((name, entry) => {
      rows.row = newer;
      return set(name, entry);
    });
    await (what === 'a push' ? sync.push(KEY) : sync.reconcile());
    expect([...directory.entries.values()]).toEqual([newer.says]);
    expect(noted.at(-1)).toEqual({ key: KEY, state: 'applied', reason: null, version: newer.version });
    await sync[Symbol.asyncDispose]();
  },
);
