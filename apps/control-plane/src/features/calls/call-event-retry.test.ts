import { expect, it } from 'vitest';
import { silentLog } from '#shared/log.ts';
import { connectionLost, failingDatabase, limits, note } from '#features/calls/testing/failing-database.ts';
import { createRetryingWriter } from './call-event-retry.ts';
import { queued } from './call-event-writer.ts';

it('the database is told to be back also when it comes back to refuse one event of the batch', async () => {
  const { database, write } = failingDatabase();
  const refused = Object.assign(new Error('violates foreign key'), { code: '23503' });
  const away: boolean[] = [];
  const dropped: unknown[] = [];
  const writeBatch = createRetryingWriter({
    ...limits,
    write,
    log: silentLog,
    giveUp: new AbortController().signal,
    onAway: (isAway) => void away.push(isAway),
    onDrop: ({ event }) => void dropped.push(event),
  });
  const [bad, good] = [note(1), note(2)];
  database.failure = (batch) => {
    if (database.tries === 1) return connectionLost();
    return batch.some(({ event }) => event === bad) ? refused : null;
  };
  expect(await writeBatch([queued(bad), queued(good)])).toBe('settled');
  expect([away, dropped, database.orders()]).toEqual([[true, false], [bad], [2]]);
});
