import { expect, it } from 'vitest';
import type { Log } from '#shared/log.ts';
import { silentLog } from '#shared/log.ts';
import { logSlowTransactions } from './slow-transactions.ts';

it('tells of a transaction that took long, and of many in a second once, with how many there were besides', () => {
  let nowMs = 0;
  const lines: unknown[] = [];
  const log: Log = { ...silentLog, warn: (fields) => void lines.push(fields) };
  const observer = logSlowTransactions(log, { nowMs: () => nowMs });
  const quick = observer.started('read');
  const slow = [observer.started('organization'), observer.started('appliance'), observer.started('write')] as const;
  nowMs = 20;
  quick(true);
  nowMs = 1_200;
  slow[0](true);
  slow[1](false);
  nowMs = 2_500;
  slow[2](false);
  expect(lines).toEqual([
    { kind: 'organization', tookMs: 1_200, isDone: true, others: 0 },
    { kind: 'write', tookMs: 2_500, isDone: false, others: 1 },
  ]);
});
