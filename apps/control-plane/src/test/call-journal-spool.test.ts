// The journal and the log on the disk together: what one process could not write, the next one does.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAppendLog } from '#adapters/disk/append-log.ts';
import { openCallJournal } from '#features/calls/call-journal-store.ts';
import { silentLog } from '#shared/log.ts';
import { connectionLost, ended, failingDatabase, limits, note } from '#features/calls/testing/failing-database.ts';

describe('a journal with a spool', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'journal-'))));
  afterEach(() => rm(folder, { recursive: true }));
  const openSpool = (maxBytes = 1_000_000) => openAppendLog({ folder, log: silentLog, limits: { maxBytes, segmentBytes: 2_000 } });

  it('leaves what it could not write to the next process, which writes it first, in order and once', async () => {
    const { database, write } = failingDatabase();
    database.failure = connectionLost;
    const spool = await openSpool();
    const first = openCallJournal({ write, log: silentLog, limits, spool });
    for (let order = 0; order < 30; order += 1) first.record(note(order));
    await spool.flush();
    // The first process is killed here: nothing of it is closed.
    const next = failingDatabase();
    await using second = openCallJournal({ write: next.write, log: silentLog, limits, spool: await openSpool() });
    second.record(note(30));
    await second.flush();
    expect(next.database.orders()).toEqual(Array.from({ length: 31 }, (_, order) => order));
    expect(second.depth()).toBe(0);
    await expect.poll(async () => (await openSpool()).takeLeft().length).toBeLessThanOrEqual(1);
    database.failure = null;
    await first[Symbol.asyncDispose]();
  });

  it('drops nothing at its end while the database is away', async () => {
    const { database, write } = failingDatabase();
    database.failure = connectionLost;
    const journal = openCallJournal({ write, log: silentLog, limits, spool: await openSpool() });
    journal.record(note(1));
    journal.record(ended());
    await journal[Symbol.asyncDispose]();
    expect(journal.dropped()).toBe(0);
    expect((await openSpool()).takeLeft()).toHaveLength(2);
  });

  it('keeps new calls away before it is full, and live ones in memory after that', async () => {
    const { database, write } = failingDatabase();
    database.failure = connectionLost;
    const journal = openCallJournal({ write, log: silentLog, limits, spool: await openSpool(2_000) });
    expect(journal.isNearlyFull()).toBe(false);
    for (let order = 0; order < 20; order += 1) journal.record(note(order));
    expect(journal.isNearlyFull()).toBe(true);
    expect(journal.unspooled()).toBeGreaterThan(0);
    expect(journal.dropped()).toBe(0);
    database.failure = null;
    await journal.flush();
    expect(database.orders()).toEqual(Array.from({ length: 20 }, (_, order) => order));
    await journal[Symbol.asyncDispose]();
  });
});
