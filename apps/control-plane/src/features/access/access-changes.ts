// Hears what other processes changed, for as long as this one lives, also when the database was away at the start.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, Notification } from '#db/client.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';
import { ACCESS_CHANGES } from './access-change-store.ts';

/** Waits between attempts to listen: doubled from the first to the last. What is remembered expires by itself meanwhile. */
const FIRST_WAIT_MS = 500;
const LAST_WAIT_MS = 15_000;

/** Listens in the background until disposed. `observe` is told of a gap once it listens after a failure: something may have been missed. */
export function openAccessChanges(parts: { database: Database; log: Log; observe: (notification: Notification) => void }): AsyncDisposable {
  const stopping = new AbortController();
  const listening = listenUntil(parts, stopping.signal);
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await (await listening)?.[Symbol.asyncDispose]();
    },
  };
}

async function listenUntil(
  { database, log, observe }: Parameters<typeof openAccessChanges>[0],
  signal: AbortSignal,
): Promise<AsyncDisposable | null> {
  for (let waitMs = FIRST_WAIT_MS; !signal.aborted; waitMs = Math.min(waitMs * 2, LAST_WAIT_MS)) {
    try {
      const listening = await database.listen(ACCESS_CHANGES, observe);
      // Whatever changed before this moment was not heard.
      observe({ kind: 'gap' });
      return listening;
    } catch (error) {
      log.warn({ error: loggableError(error), waitMs }, 'not listening for changes of access yet');
      await sleep(waitMs, undefined, { signal }).catch(() => {});
    }
  }
  return null;
}
