// The log says that the database is slow, with the figure: requests and journals that wait for it do not know why they do.
import type { DatabaseObserver } from '#db/observed-database.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';

/** A hundred times what the slowest of ours takes on an idle server, and a tenth of what a statement may take at most. */
const LONG_MS = 1_000;
/** A database that is slow is slow for all of them. */
const LINE_EVERY_MS = 1_000;

/** Tells of transactions that took long, waiting for a connection included; of many in a second one line, with how many others went without. */
export function logSlowTransactions(log: Log, clock: Pick<Clock, 'nowMs'>): DatabaseObserver {
  let saidAtMs = -Infinity;
  let others = 0;
  return {
    started(kind) {
      const startedAtMs = clock.nowMs();
      return (isDone) => {
        const endedAtMs = clock.nowMs();
        const tookMs = Math.round(endedAtMs - startedAtMs);
        if (tookMs < LONG_MS) return;
        if (endedAtMs - saidAtMs < LINE_EVERY_MS) return void (others += 1);
        log.warn({ kind, tookMs, isDone, others }, 'a transaction took long');
        saidAtMs = endedAtMs;
        others = 0;
      };
    },
  };
}
