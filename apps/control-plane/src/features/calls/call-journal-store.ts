// A call's events on their way to the database: queued in memory, written in batches, kept while the database is away. Audio never waits here.
import type { CallJournal } from '#ports/call-journal.ts';
import { BoundedQueue } from '#shared/bounded-queue.ts';
import { invariant } from '#shared/invariant.ts';
import type { Log } from '#shared/log.ts';
import { pause } from '#shared/waiting.ts';
import { createRetryingWriter } from './call-event-retry.ts';
import type { CallEventWriter, QueuedEvent } from './call-event-writer.ts';
import { queued } from './call-event-writer.ts';

/** Limits of the journal; the defaults hold 50 calls through about five minutes without a database. */
export type JournalLimits = {
  /** Events that may wait. When full, an event is dropped and logged with its kind. */
  readonly maxQueued: number;
  /** Beyond this, notes are dropped so that calls and turns still fit. */
  readonly maxQueuedWithNotes: number;
  readonly maxBatch: number;
  /** A batch is gathered this long: one commit for many events costs a tenth of one commit each. */
  readonly gatherMs: number;
  /** First and longest wait between two tries while the database is away. */
  readonly retryFromMs: number;
  readonly retryToMs: number;
  /** How long disposal goes on trying before what is left is given up. */
  readonly closeMs: number;
};

export const defaultJournalLimits: JournalLimits = {
  maxQueued: 10_000,
  maxQueuedWithNotes: 8_000,
  maxBatch: 100,
  gatherMs: 100,
  retryFromMs: 100,
  retryToMs: 5_000,
  closeMs: 10_000,
};

/** The journal as a resource. */
export type CallJournalStore = CallJournal &
  AsyncDisposable & {
    /** Events that are recorded and not yet committed. */
    depth(): number;
    /** Events dropped since the start: refused at the limit, unwritable, or given up at the end. */
    dropped(): number;
  };

/** Starts the writer. Disposing it writes what waits, for at most `closeMs`. */
export function openCallJournal(options: { write: CallEventWriter; log: Log; limits?: JournalLimits }): CallJournalStore {
  const { write, log, limits = defaultJournalLimits } = options;
  invariant(limits.maxQueuedWithNotes <= limits.maxQueued, 'notes give way before calls and turns');
  const queue = new BoundedQueue<QueuedEvent>({ max: limits.maxQueued });
  const giveUp = new AbortController();
  let inFlight: readonly QueuedEvent[] = [];
  let droppedEvents = 0;
  let closed = false;
  let writing: Promise<void> | null = null;
  /** Ends the gathering early: somebody waits for the commit. */
  let hurry = new AbortController();

  function drop(item: QueuedEvent, fields: object, message: string) {
    droppedEvents += 1;
    log.error({ callId: item.event.callId, kind: item.event.kind, ...fields }, message);
  }

  const writeBatch = createRetryingWriter({ ...limits, write, log, giveUp: giveUp.signal, onDrop: drop });

  async function writeAll(): Promise<void> {
    while (queue.length > 0) {
      if (queue.length < limits.maxBatch) await pause(limits.gatherMs, hurry.signal);
      inFlight = queue.drain(limits.maxBatch);
      await writeBatch(inFlight);
      inFlight = [];
    }
    writing = null;
  }

  return {
    record(event) {
      const item = queued(event);
      if (closed) return drop(item, {}, 'journal is closed, event dropped');
      const isNoteTooMany = event.kind === 'note' && queue.length >= limits.maxQueuedWithNotes;
      if (isNoteTooMany || queue.push(item) === 'full') return drop(item, { queued: queue.length }, 'journal is full, event dropped');
      writing ??= writeAll();
    },
    async flush() {
      hurry.abort();
      await writing;
      hurry = new AbortController();
    },
    depth: () => queue.length + inFlight.length,
    dropped: () => droppedEvents,
    async [Symbol.asyncDispose]() {
      closed = true;
      using _deadline = after(limits.closeMs, () => giveUp.abort());
      hurry.abort();
      await writing;
    },
  };
}

function after(ms: number, action: () => void): Disposable {
  const timer = setTimeout(action, ms);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
