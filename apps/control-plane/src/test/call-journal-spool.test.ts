// The journal and the log on the disk together: what one process could not write, the next one does.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAppendLog } from '#adapters/disk/append-log.ts';
import { textOfEvent } from '#features/calls/call-event-text.ts';
import { queued } from '#features/calls/call-event-writer.ts';
import { openCallJournal } from '#features/calls/call-journal-store.ts';
import type { Log } from '#shared/log.ts';
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

  it('counts and tells what another release left and this one cannot read, and keeps none of it', async () => {
    const earlier = await openSpool();
    for (const event of [note(1), ended()]) earlier.append(textOfEvent(queued(event)).replace('call_ended', 'call_flew'));
    await earlier.flush();
    const lines: string[] = [];
    const log: Log = { ...silentLog, error: (fields, message) => void lines.push(`${message}: ${JSON.stringify(fields)}`) };
    const { database, write } = failingDatabase();
    const spool = await openSpool();
    await using journal = openCallJournal({ write, log, limits, spool });
    await journal.flush();
    expect(database.orders()).toEqual([1]);
    expect(journal.dropped()).toBe(1);
    expect(lines).toEqual(['events that another release left cannot be read by this one and are dropped: {"events":1}']);
    expect(spool.records()).toBe(0);
    await expect.poll(async () => await readdir(folder)).toEqual([]);
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
