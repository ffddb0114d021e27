import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openMemoryTelephonyDirectory } from '#ports/testing/memory-telephony-directory.ts';
import type { DirectoryPhone } from '#ports/telephony-directory.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { systemClock } from '#shared/clock.ts';
import { silentLog } from '#shared/log.ts';
import type { DirectoryStore, EntryState } from './directory-store.ts';
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
  const rows = { areAway: false };
  const answer = <Answer>(given: Answer): Promise<Answer> =>
    rows.areAway ? Promise.reject(new Error('the database is away')) : Promise.resolve(given);
  const entries: DirectoryStore = {
    read: () => answer({ entries: [phone], withheld: [], readAt: new Date() }),
    find: () => answer({ row: phone, readAt: new Date() }),
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
  expect(noted.at(-1)).toEqual({ key: KEY, state: 'applied', reason: null });
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
