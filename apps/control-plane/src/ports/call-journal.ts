// Persistence of a call as it happens. Audio never waits for it.
import type { CallEvent } from './call-event.ts';

/** Takes events in order and commits them. */
export type CallJournal = {
  /** Queues the event and returns at once. Never throws; a full queue is logged with the event's kind. */
  record(event: CallEvent): void;
  /** Whether no new call should begin: what waits for the database leaves room for the calls that are live, not for more. */
  isNearlyFull(): boolean;
  /** Settles when everything recorded so far is committed or given up. */
  flush(): Promise<void>;
};
