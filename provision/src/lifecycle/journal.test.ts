// The journal of the steps: what was begun and not ended is found again, a line that was cut off counts as never written.
import { appendFile, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendEntry, findInterrupted, journalPath, listCreated, parseJournal, readJournal, renderEntry } from './journal.ts';
import type { JournalEntry } from './journal.ts';

const entry = (change: Partial<JournalEntry>): JournalEntry => ({
  at: '2026-01-01T00:00:00.000Z',
  run: '1',
  step: 'secrets',
  state: 'started',
  changes: ['make passwords'],
  ...change,
});

describe('the journal', () => {
  let home = '';
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'centralita-journal-'));
  });
  afterAll(async () => await rm(home, { recursive: true }));

  it('is read back as it was written, by root alone', async () => {
    const entries = [entry({}), entry({ state: 'done' })];
    for (const one of entries) await appendEntry(home, one);
    expect(await readJournal(home)).toEqual(entries);
    expect((await stat(journalPath(home))).mode & 0o777).toBe(0o600);
  });

  it('goes on after a line that was cut off, and takes that line for nothing', async () => {
    await appendFile(journalPath(home), renderEntry(entry({ step: 'environment' })).slice(0, -20));
    await appendEntry(home, entry({ step: 'database' }));
    const steps = (await readJournal(home)).map(({ step }) => step);
    expect(steps).toEqual(['secrets', 'secrets', 'database']);
    expect((await readFile(journalPath(home), 'utf8')).split('\n')).toHaveLength(5);
  });

  it('does not believe a line that was changed', () => {
    expect(parseJournal(renderEntry(entry({})).replace('passwords', 'nothing'))).toEqual([]);
  });

  it('names the step in which a run was cut short, and none when it ended or failed', () => {
    expect(findInterrupted([entry({ state: 'done' }), entry({ step: 'database' })])?.step).toBe('database');
    expect(findInterrupted([entry({}), entry({ state: 'done' })])).toBeNull();
    expect(findInterrupted([entry({}), entry({ state: 'failed' })])).toBeNull();
    expect(findInterrupted([])).toBeNull();
  });

  it('tells everything that was created once, however often the step was begun', () => {
    const user = { kind: 'user', name: 'centralita' } as const;
    expect(listCreated([entry({ created: [user] }), entry({ created: [user] }), entry({})])).toEqual([user]);
  });
});
