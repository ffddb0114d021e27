// Writing until it is written: what passes in time is repeated, what the database refuses for good is dropped alone.
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';
import type { LoggableError } from '#shared/loggable-error.ts';
import { pause } from '#shared/waiting.ts';
import type { CallEventWriter, QueuedEvent } from './call-event-writer.ts';

/** How the retry behaves. */
export type RetryOptions = {
  readonly write: CallEventWriter;
  readonly log: Log;
  /** First and longest wait between two tries. */
  readonly retryFromMs: number;
  readonly retryToMs: number;
  /** Aborts the waiting: the next failure gives the batch up, and every batch after it untried. */
  readonly giveUp: AbortSignal;
  /** Told when the database stops answering, and when it answers again. */
  readonly onAway?: (isAway: boolean) => void;
  /** Told of each event that the database refuses for good. */
  readonly onDrop: (item: QueuedEvent, why: { readonly reason: 'refused_by_database'; readonly error: LoggableError }) => void;
};

/** `settled`: each event of the batch is committed, or refused for good; `given_up`: they may not be written at all. */
export type WriteOutcome = 'settled' | 'given_up';

/** Makes a writer that never rejects. */
export function createRetryingWriter(options: RetryOptions): (batch: readonly QueuedEvent[]) => Promise<WriteOutcome> {
  const { write, log, giveUp, onDrop } = options;
  let gaveUp = false;
  let isAway = false;
  const tell = (away: boolean): void => {
    if (away === isAway) return;
    isAway = away;
    if (!away) log.info({}, 'journal writes again');
    options.onAway?.(away);
  };

  async function writeBatch(batch: readonly QueuedEvent[]): Promise<WriteOutcome> {
    for (let attempt = 0; ; attempt += 1) {
      if (gaveUp) return 'given_up';
      try {
        await write(batch);
        tell(false);
        return 'settled';
      } catch (error) {
        if (isUnwritable(error)) return writeOneByOne(batch, error);
        tell(true);
        gaveUp = giveUp.aborted;
        const waitMs = Math.min(options.retryFromMs * 2 ** attempt, options.retryToMs) * (0.75 + Math.random() / 2);
        log.warn({ error: loggableError(error), attempt, waitMs: Math.round(waitMs), events: batch.length }, 'journal cannot write');
        await pause(waitMs, giveUp);
      }
    }
  }

  /** One bad event must not take its neighbours along. */
  async function writeOneByOne(batch: readonly QueuedEvent[], cause: unknown): Promise<WriteOutcome> {
    const [only] = batch;
    if (only && batch.length === 1) {
      onDrop(only, { reason: 'refused_by_database', error: loggableError(cause) });
      return 'settled';
    }
    for (const item of batch) if ((await writeBatch([item])) === 'given_up') return 'given_up';
    return 'settled';
  }

  return writeBatch;
}

/**
 * Whether repeating is useless: the database answered that the row is wrong or forbidden (SQLSTATE classes 22 and 23, and 42501), or our own
 * code could not form it. Everything else passes in time: connection lost, server starting, out of space, deadlock, a migration still to come.
 * The driver's error may be a cause.
 */
function isUnwritable(error: unknown): boolean {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (current instanceof TypeError || current instanceof RangeError) return true;
    if ('code' in current && typeof current.code === 'string' && /^(22...|23...|42501|UNDEFINED_VALUE)$/.test(current.code)) return true;
  }
  return false;
}
