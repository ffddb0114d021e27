// A call's events on their way to the database: queued in memory and on the local disk, written in batches, kept while the database is away. Audio
// never waits here.
import type { AppendLog } from '#ports/append-log.ts';
import type { CallJournal } from '#ports/call-journal.ts';
import { BoundedQueue } from '#shared/bounded-queue.ts';
import { invariant } from '#shared/invariant.ts';
import type { CallEvent } from '#ports/call-event.ts';
import type { Log } from '#shared/log.ts';
import type { LoggableError } from '#shared/loggable-error.ts';
import { pause } from '#shared/waiting.ts';
import { createRetryingWriter } from './call-event-retry.ts';
import { eventOfText, isStored, textOfEvent } from './call-event-text.ts';
import type { CallEventWriter, QueuedEvent } from './call-event-writer.ts';
import { queued } from './call-event-writer.ts';

/** Limits of the journal; the defaults hold 50 calls through more than ten minutes without a database: a call has an event in two seconds. */
export type JournalLimits = {
  /** Events that may wait. When full, an event is dropped and logged with its kind. */
  readonly maxQueued: number;
  /** Beyond this, notes are dropped and no new call should begin, so that the turns of live calls still fit. */
  readonly maxQueuedWithNotes: number;
  readonly maxBatch: number;
  /** A batch is gathered this long: one commit for many events costs a tenth of one commit each. */
  readonly gatherMs: number;
  /** First and longest wait between two tries while the database is away. */
  readonly retryFromMs: number;
  readonly retryToMs: number;
  /** How long disposal goes on trying before what is left is left to the next process, or given up where there is no spool. */
  readonly closeMs: number;
};

export const defaultJournalLimits: JournalLimits = {
  maxQueued: 20_000,
  maxQueuedWithNotes: 16_000,
  maxBatch: 100,
  gatherMs: 100,
  retryFromMs: 100,
  retryToMs: 5_000,
  closeMs: 10_000,
};

/** Bytes of the spool beyond which no new call should begin: the rest is for those that are live. */
const SPOOL_SHARE_FOR_NEW_CALLS = 0.8;

/** The journal as a resource. */
export type CallJournalStore = CallJournal &
  AsyncDisposable & {
    /** Events that are recorded and not yet committed. */
    depth(): number;
    /** Events dropped since the start: refused at the limit, unwritable, or given up at the end. */
    dropped(): number;
    /** Events since the start that were in memory alone, because the spool was full or its disk failed. */
    unspooled(): number;
  };

type JournalOptions = {
  readonly write: CallEventWriter;
  readonly log: Log;
  readonly limits?: JournalLimits;
  /** Where events outlive this process until they are committed; absent: they do not. What an earlier process left there is written first. */
  readonly spool?: AppendLog;
};

/** An event with its number in the spool; null: it is not there. */
type Waiting = QueuedEvent & { readonly spooledAs: number | null };

const namesOf = ({ callId, scope, kind }: CallEvent) => ({ callId, organizationId: scope?.organizationId, kind });

/** Starts the writer. Disposing it writes what waits, for at most `closeMs`. */
export function openCallJournal({ write, log, limits = defaultJournalLimits, spool }: JournalOptions): CallJournalStore {
  invariant(limits.maxQueuedWithNotes <= limits.maxQueued, 'notes give way before calls and turns');
  const queue = new BoundedQueue<Waiting>({ max: limits.maxQueued });
  const { waiting: replay, unreadable } = spool === undefined ? { waiting: [], unreadable: 0 } : replayed(spool, log);
  const giveUp = new AbortController();
  let inFlight: readonly Waiting[] = [];
  let droppedEvents = unreadable;
  let unspooledEvents = 0;
  let closed = false;
  let writing: Promise<void> | null = null;
  /** Ends the gathering early: somebody waits for the commit. */
  let hurry = new AbortController();

  function drop({ event }: QueuedEvent, why: { readonly reason: string; readonly error?: LoggableError; readonly queued?: number }) {
    droppedEvents += 1;
    log.error({ ...namesOf(event), ...why }, 'an event of a call is dropped from the journal');
  }

  const onAway = (isAway: boolean) => spool?.setDurable(isAway);
  const writeBatch = createRetryingWriter({ ...limits, write, log, giveUp: giveUp.signal, onAway, onDrop: drop });
  const depth = () => replay.length + queue.length + inFlight.length;

  async function writeAll(): Promise<void> {
    while (replay.length + queue.length > 0) {
      if (replay.length + queue.length < limits.maxBatch) await pause(limits.gatherMs, hurry.signal);
      inFlight = replay.length > 0 ? replay.splice(0, limits.maxBatch) : queue.drain(limits.maxBatch);
      const outcome = await writeBatch(inFlight);
      if (outcome === 'settled') spool?.release(Math.max(0, ...inFlight.map(({ spooledAs }) => spooledAs ?? 0)));
      else for (const item of inFlight) if (item.spooledAs === null) drop(item, { reason: 'given_up_at_shutdown' });
      inFlight = [];
    }
    writing = null;
  }

  if (replay.length > 0) writing = writeAll();
  return {
    record(event) {
      if (!isStored(event)) return;
      const item = queued(event);
      if (closed) return drop(item, { reason: 'closed' });
      const isNoteTooMany = event.kind === 'note' && queue.length >= limits.maxQueuedWithNotes;
      if (isNoteTooMany || queue.length >= limits.maxQueued) return drop(item, { reason: 'full', queued: queue.length });
      const spooledAs = spool?.append(textOfEvent(item)) ?? null;
      if (spooledAs === null && spool !== undefined) unspooledEvents += 1;
      queue.push({ ...item, spooledAs });
      writing ??= writeAll();
    },
    isNearlyFull: () =>
      depth() >= limits.maxQueuedWithNotes || (spool !== undefined && spool.bytes() >= spool.maxBytes * SPOOL_SHARE_FOR_NEW_CALLS),
    async flush() {
      hurry.abort();
      await writing;
      hurry = new AbortController();
    },
    depth,
    dropped: () => droppedEvents,
    unspooled: () => unspooledEvents,
    async [Symbol.asyncDispose]() {
      closed = true;
      using _deadline = after(limits.closeMs, () => giveUp.abort());
      hurry.abort();
      await writing;
    },
  };
}

/** What an earlier process could not commit, or could not see committed: to write it again is harmless. What another release left may be no event here. */
function replayed(spool: AppendLog, log: Log): { readonly waiting: Waiting[]; readonly unreadable: number } {
  const left = spool.takeLeft();
  const waiting = left.flatMap((text, index) => {
    const item = eventOfText(text);
    return item === null ? [] : [{ ...item, spooledAs: index + 1 }];
  });
  const unreadable = left.length - waiting.length;
  // With the last one all are released, those behind it that are no events too.
  const last = waiting.pop();
  if (last === undefined) spool.release(left.length);
  else waiting.push({ ...last, spooledAs: left.length });
  if (waiting.length > 0) log.warn({ events: waiting.length }, 'events that an earlier process left are written');
  if (unreadable > 0) log.error({ events: unreadable }, 'events that another release left cannot be read by this one and are dropped');
  return { waiting, unreadable };
}

function after(ms: number, action: () => void): Disposable {
  const timer = setTimeout(action, ms);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
