/**
 * Where alerts for the administrator are raised and sent from. They wait in the database and are tried again until they arrive; while the
 * database is away they are sent at once, because that is when the administrator is needed most.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { AdminAlert, Notifier } from '#ports/notifier.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import type { Clock } from '#shared/clock.ts';
import { newId } from '#shared/id.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';
import type { AlertStore, ClaimedAlert } from './alert-store.ts';

/** What became of one try. */
export type SendOutcome = 'sent' | 'failed' | 'dead';

/** An alert as it is raised. */
export type RaisedAlert = Pick<AdminAlert, 'type' | 'severity' | 'summary' | 'details'> & {
  /** What it is about: the same key is not told again within the configured time. */
  readonly key: string;
};

export type AlertDesk = AsyncDisposable & {
  /** Never throws and waits for nobody. */
  raise(alert: RaisedAlert): void;
};

export type AlertDeskParts = {
  readonly store: AlertStore;
  readonly notifiers: readonly Notifier[];
  readonly server: string;
  readonly repeatAfterMs: number;
  /** The wait after a try that failed, ms; `random` is 0 to 1. */
  readonly retryDelayMs: (attempt: number, random: number) => number;
  readonly observe: (channel: string, outcome: SendOutcome) => void;
  readonly clock: Clock;
  readonly log: Log;
};

/** Between looks when nothing was raised here: alerts of other servers, and those that wait for another try. */
const POLL_MS = 5_000;
const LEASE_MS = 60_000;
const AT_ONCE = 10;
/** With the waits of the job queue about half an hour. */
const MAX_ATTEMPTS = 10;
/** Without a database: tries, and the wait between them. */
const DIRECT_TRIES = 3;
const DIRECT_WAIT_MS = 2_000;
const MAX_KEYS = 1_000;
const KEPT_MS = 30 * 86_400_000;
const CLEAN_EVERY_MS = 3_600_000;

/** Opens it. Without a notifier there is nobody to tell, and nothing is kept. */
export function openAlertDesk(parts: AlertDeskParts): AlertDesk {
  const { store, notifiers, server, repeatAfterMs, clock, log } = parts;
  if (notifiers.length === 0) return { raise() {}, [Symbol.asyncDispose]: async () => {} };
  const scope = mintApplianceScope();
  const stopping = new AbortController();
  const told = new LRUCache<string, true>({ max: MAX_KEYS, ttl: repeatAfterMs });
  const raising = new Set<Promise<void>>();
  let woken = Promise.withResolvers<void>();

  async function take(alert: AdminAlert, key: string): Promise<void> {
    try {
      await store.leave(scope, { alert, key, repeatAfterMs, channels: notifiers.map(({ channel }) => channel) });
      woken.resolve();
    } catch (error) {
      log.warn({ error: loggableError(error), type: alert.type }, 'an alert cannot wait in the database and is sent at once');
      await Promise.all(notifiers.map((notifier) => sendDirectly(parts, { notifier, alert, signal: stopping.signal })));
    }
  }

  async function work(): Promise<void> {
    let cleanedAtMs = clock.nowMs() - CLEAN_EVERY_MS;
    while (!stopping.signal.aborted) {
      woken = Promise.withResolvers();
      try {
        await sendDue(parts, stopping.signal);
        if (clock.nowMs() - cleanedAtMs >= CLEAN_EVERY_MS) {
          await store.removeBefore(scope, new Date(clock.wallAt().getTime() - KEPT_MS));
          cleanedAtMs = clock.nowMs();
        }
      } catch (error) {
        log.warn({ error: loggableError(error) }, 'alerts cannot be looked at; the next look tries again');
      }
      await Promise.race([woken.promise, sleep(POLL_MS, undefined, { signal: stopping.signal }).catch(() => {})]);
    }
  }

  const working = work();
  return {
    raise({ key, ...alert }) {
      if (told.has(key)) return;
      told.set(key, true);
      const taken = take({ ...alert, alertId: newId('alert'), at: clock.wallAt(), server }, key).finally(() => raising.delete(taken));
      raising.add(taken);
    },
    async [Symbol.asyncDispose]() {
      // An alert that was just raised gets into the database; it is sent by whoever is up.
      await Promise.race([Promise.allSettled(raising), sleep(DIRECT_WAIT_MS)]);
      stopping.abort(new Error('the process stops'));
      woken.resolve();
      await working;
    },
  };
}

async function sendDue(parts: AlertDeskParts, signal: AbortSignal): Promise<void> {
  const { store, notifiers } = parts;
  const channels = notifiers.map(({ channel }) => channel);
  const claimed = await store.claim(mintApplianceScope(), { channels, limit: AT_ONCE, leaseMs: LEASE_MS });
  await Promise.all(claimed.map((one) => sendOne(parts, one, signal)));
}

async function sendOne(parts: AlertDeskParts, claimed: ClaimedAlert, signal: AbortSignal): Promise<void> {
  const { store, notifiers, retryDelayMs, observe, log } = parts;
  const { alert, channel, attempt } = claimed;
  const scope = mintApplianceScope();
  try {
    await notifiers.find((notifier) => notifier.channel === channel)?.send(alert, { signal });
  } catch (error) {
    const retryInMs = attempt >= MAX_ATTEMPTS ? null : retryDelayMs(attempt, Math.random());
    const fields = { error: loggableError(error), alertId: alert.alertId, channel, attempt, retryInMs };
    if (retryInMs === null) log.error(fields, 'an alert for the administrator did not arrive and is given up');
    else log.warn(fields, 'an alert for the administrator did not arrive');
    observe(channel, retryInMs === null ? 'dead' : 'failed');
    return await store.failed(scope, claimed, { error: reasonOf(error), retryInMs });
  }
  observe(channel, 'sent');
  await store.sent(scope, claimed);
}

type Direct = { readonly notifier: Notifier; readonly alert: AdminAlert; readonly signal: AbortSignal };

async function sendDirectly({ observe, log }: AlertDeskParts, { notifier, alert, signal }: Direct): Promise<void> {
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    try {
      await notifier.send(alert, { signal });
      return observe(notifier.channel, 'sent');
    } catch (error) {
      const isLast = attempt >= DIRECT_TRIES;
      observe(notifier.channel, isLast ? 'dead' : 'failed');
      log.warn({ error: loggableError(error), alertId: alert.alertId, channel: notifier.channel, attempt }, 'an alert did not arrive');
      if (isLast) return;
      await sleep(DIRECT_WAIT_MS * attempt, undefined, { signal }).catch(() => {});
    }
  }
}

function reasonOf(error: unknown): string {
  return loggableError(error)
    .causes.map(({ message }) => message)
    .join(': ');
}
