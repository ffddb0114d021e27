// Hears what other processes changed, for as long as this one lives, also when the database was away at the start.
import type { Database, Notification } from '#db/client.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';
import { pause } from '#shared/waiting.ts';
import { ACCESS_CHANGES } from './access-change-store.ts';

/** Waits between attempts to listen: doubled from the first to the last. What is remembered expires by itself meanwhile. */
const FIRST_WAIT_MS = 500;
const LAST_WAIT_MS = 15_000;

/** What listens, and who is told. `wait` is replaced in tests alone. */
export type AccessChangeParts = {
  readonly database: Pick<Database, 'listen' | 'ping'>;
  readonly log: Log;
  /** Absent: that of tokens, organizations and plans. */
  readonly channel?: string;
  readonly observe: (notification: Notification) => void;
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
};

/** Listens in the background until disposed. `observe` is told of a gap as soon as it listens: something may have been missed before. */
export function openAccessChanges(parts: AccessChangeParts): AsyncDisposable {
  const stopping = new AbortController();
  const listening = listenUntil(parts, stopping.signal);
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await (await listening)?.[Symbol.asyncDispose]();
    },
  };
}

async function listenUntil(parts: AccessChangeParts, signal: AbortSignal): Promise<AsyncDisposable | null> {
  const { database, log, observe, channel = ACCESS_CHANGES, wait = pause } = parts;
  for (let waitMs = FIRST_WAIT_MS; !signal.aborted; waitMs = Math.min(waitMs * 2, LAST_WAIT_MS)) {
    try {
      // The driver keeps a listener that could not listen and tries it again by itself: none is given to it before the database answers.
      await database.ping();
      const listening = await database.listen(channel, observe);
      // Whatever changed before this moment was not heard.
      observe({ kind: 'gap' });
      return listening;
    } catch (error) {
      log.warn({ error: loggableError(error), channel, waitMs }, 'not listening for changes yet');
      await wait(waitMs, signal);
    }
  }
  return null;
}
