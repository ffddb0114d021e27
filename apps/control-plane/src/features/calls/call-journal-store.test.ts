import { describe, expect, it } from 'vitest';
import { silentLog } from '#shared/log.ts';
import { openCallJournal } from './call-journal-store.ts';
import { connectionLost, ended, failingDatabase, limits, note } from '#features/calls/testing/failing-database.ts';

describe('call journal', () => {
  it('writes events in the order in which they were recorded, in batches', async () => {
    const { database, write } = failingDatabase();
    await using journal = openCallJournal({ write, log: silentLog, limits });
    for (let order = 0; order < 25; order += 1) journal.record(note(order));
    await journal.flush();
    expect(database.orders()).toEqual(Array.from({ length: 25 }, (_, order) => order));
    expect(Math.max(...database.batches)).toBeLessThanOrEqual(limits.maxBatch);
    expect(database.batches.length).toBeLessThan(10);
    expect(journal.depth()).toBe(0);
  });

  it('keeps everything in order while the database is away and writes it when it is back', async () => {
    const { database, write } = failingDatabase();
    await using journal = openCallJournal({ write, log: silentLog, limits });
    database.failure = connectionLost;
    for (let order = 0; order < 5; order += 1) journal.record(note(order));
    await expect.poll(() => database.tries).toBeGreaterThan(2);
    for (let order = 5; order < 15; order += 1) journal.record(note(order));
    expect(database.orders()).toEqual([]);
    expect(journal.depth()).toBe(15);
    database.failure = null;
    await journal.flush();
    expect(database.orders()).toEqual(Array.from({ length: 15 }, (_, order) => order));
    expect(journal.dropped()).toBe(0);
  });

  it('treats a failure inside a wrapped cause like the failure itself', async () => {
    const { database, write } = failingDatabase();
    await using journal = openCallJournal({ write, log: silentLog, limits });
    database.failure = () => new Error('Failed query', { cause: Object.assign(new Error('bad byte'), { code: '22021' }) });
    journal.record(note(1));
    await journal.flush();
    expect(journal.dropped()).toBe(1);
  });

  it('drops only the event that the database refuses, not its neighbours', async () => {
    const { database, write } = failingDatabase();
    await using journal = openCallJournal({ write, log: silentLog, limits });
    const refused = Object.assign(new Error('violates foreign key'), { code: '23503' });
    database.failure = (batch) => (batch.some(({ event }) => event.kind === 'note' && event.fields['order'] === 2) ? refused : null);
    for (let order = 0; order < 5; order += 1) journal.record(note(order));
    await journal.flush();
    expect(database.orders()).toEqual([0, 1, 3, 4]);
    expect(journal.dropped()).toBe(1);
  });

  it('makes room for calls and turns by dropping notes first, and never throws when it is full', async () => {
    const { database, write } = failingDatabase();
    database.failure = connectionLost;
    const journal = openCallJournal({ write, log: silentLog, limits: { ...limits, maxQueued: 6, maxQueuedWithNotes: 4, maxBatch: 1 } });
    journal.record(note(0));
    await expect.poll(() => database.tries).toBeGreaterThan(0);
    for (let order = 1; order < 10; order += 1) journal.record(note(order));
    expect(journal.dropped()).toBe(5);
    for (let count = 0; count < 3; count += 1) journal.record(ended());
    expect(journal.dropped()).toBe(6);
    database.failure = null;
    await journal[Symbol.asyncDispose]();
    expect(database.orders()).toEqual([0, 1, 2, 3, 4, 'call_ended', 'call_ended']);
  });

  it('writes what waits when it is closed, and nothing that comes later', async () => {
    const { database, write } = failingDatabase();
    const journal = openCallJournal({ write, log: silentLog, limits: { ...limits, gatherMs: 60_000 } });
    journal.record(note(1));
    await journal[Symbol.asyncDispose]();
    journal.record(note(2));
    expect(database.orders()).toEqual([1]);
    expect(journal.dropped()).toBe(1);
  });

  it('gives up at its closing limit when the database stays away', async () => {
    const { database, write } = failingDatabase();
    database.failure = connectionLost;
    const journal = openCallJournal({ write, log: silentLog, limits });
    for (let order = 0; order < 12; order += 1) journal.record(note(order));
    await journal[Symbol.asyncDispose]();
    expect(journal.dropped()).toBe(12);
    expect(journal.depth()).toBe(0);
  });
});
