// Makes the telephone system follow the rows: one change at once, everything at the start, at every connection and every few minutes.
import type { Notification } from '#db/client.ts';
import { parseAccessChange } from '#features/access/access-change-store.ts';
import type { DirectoryKey, PushOutcome, TelephonyDirectory } from '#ports/telephony-directory.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';
import type { DirectoryStore, EntryState } from './directory-store.ts';
import { isEntry } from './directory-store.ts';
import type { PushState } from './phone-store.ts';

/** What Asterisk forgot or was told by others is put right within this time. */
const RECONCILE_EVERY_MS = 300_000;
/** After a comparison that failed, in whole or for one entry, and after a change that was not taken. */
const RETRY_AFTER_MS = 15_000;
/** A thousand phones take about 2 s; an Asterisk that does not answer must not hold up the next attempt for long. */
const RECONCILE_LIMIT_MS = 60_000;
/** How long a request waits for its own change: 3 ms, or until a comparison that is under way is done. */
const PUSH_WAIT_MS = 5_000;
/** Of a reason, as a row keeps it. */
const MAX_REASON_LENGTH = 300;

/** Whether the telephone system has it, as an answer says it. */
export type TelephonyState = { readonly state: PushState; readonly reason: string | null };

/** What the last comparison did. */
export type Reconciliation = {
  readonly at: Date;
  readonly durationMs: number;
  readonly unchanged: number;
  readonly pushed: readonly DirectoryKey[];
  readonly removed: readonly DirectoryKey[];
  readonly failed: readonly { readonly key: DirectoryKey; readonly reason: string }[];
  /** Why nothing could be compared; null when it could. */
  readonly error: string | null;
};

/** Keeps the telephone system in step. Changes are made one after the other, so that none works on rows that another one has overtaken. */
export type DirectorySync = AsyncDisposable & {
  /** Tells the telephone system one entry as its row is now, or that there is none. Call it after the transaction. Never rejects. */
  push(key: DirectoryKey): Promise<TelephonyState>;
  /** Compares everything. Who asks while a comparison waits to begin gets that one. Never rejects. */
  reconcile(): Promise<Reconciliation>;
  /** The last comparison; null before the first. */
  last(): Reconciliation | null;
  /** Hears that an organization was activated, deactivated or deleted: its phones come or go. */
  observe(notification: Notification): void;
};

export type DirectorySyncParts = {
  readonly directory: TelephonyDirectory;
  readonly entries: DirectoryStore;
  readonly scope: ApplianceScope;
  readonly clock: Clock;
  readonly log: Log;
};

/** Begins with a comparison at once. */
export function openDirectorySync(parts: DirectorySyncParts): DirectorySync {
  const { directory, log } = parts;
  const closing = new AbortController();
  let tail: Promise<unknown> = Promise.resolve();
  let waiting: Promise<Reconciliation> | null = null;
  let last: Reconciliation | null = null;
  let retry: NodeJS.Timeout | undefined;

  function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = tail.then(work);
    tail = result.catch(() => {});
    return result;
  }

  function retryLater(): void {
    if (!closing.signal.aborted) retry ??= setTimeout(() => void reconcile(), RETRY_AFTER_MS).unref();
  }

  function reconcile(): Promise<Reconciliation> {
    waiting ??= inTurn(async () => {
      waiting = null;
      clearTimeout(retry);
      retry = undefined;
      last = await compare(parts, closing.signal);
      if (last.error !== null || last.failed.length > 0) retryLater();
      return last;
    });
    return waiting;
  }

  async function pushInTurn(key: DirectoryKey): Promise<TelephonyState> {
    try {
      const pushed = await inTurn(() => pushOne(parts, key, closing.signal));
      if (pushed.state === 'failed') retryLater();
      return pushed;
    } catch (error) {
      log.error({ error: loggableError(error), key }, 'a change of the directory could not be pushed');
      retryLater();
      return { state: 'pending', reason: 'the database could not be read; it is tried again' };
    }
  }

  const timer = setInterval(() => void reconcile(), RECONCILE_EVERY_MS).unref();
  directory.onConnected(() => void (closing.signal.aborted || reconcile()));
  void reconcile();
  return {
    push: (key) => Promise.race([pushInTurn(key), patience()]),
    reconcile,
    last: () => last,
    observe(notification) {
      if (notification.kind === 'payload' && parseAccessChange(notification.payload)?.kind !== 'organization') return;
      if (!closing.signal.aborted) void reconcile();
    },
    async [Symbol.asyncDispose]() {
      closing.abort(new Error('the process is stopping'));
      clearInterval(timer);
      await tail;
      clearTimeout(retry);
    },
  };
}

async function pushOne({ directory, entries, scope }: DirectorySyncParts, key: DirectoryKey, signal: AbortSignal): Promise<TelephonyState> {
  const { row: found, readAt } = await entries.find(scope, key);
  const outcome = found && isEntry(found) ? await directory.put(found, { signal }) : await directory.remove(key, { signal });
  const state = stateOf(key, outcome);
  const noted: EntryState = found && !isEntry(found) && state.state === 'applied' ? found : state;
  await entries.note(scope, [noted], readAt);
  return { state: noted.state, reason: noted.reason };
}

async function compare(parts: DirectorySyncParts, closing: AbortSignal): Promise<Reconciliation> {
  const { directory, entries, scope, clock, log } = parts;
  const startedAtMs = clock.nowMs();
  const nothing = { unchanged: 0, pushed: [], removed: [], failed: [], error: null };
  const end = (result: Partial<Reconciliation>): Reconciliation => ({
    ...nothing,
    ...result,
    at: clock.wallAt(),
    durationMs: Math.round(clock.nowMs() - startedAtMs),
  });
  try {
    const wanted = await entries.read(scope);
    const signal = AbortSignal.any([closing, AbortSignal.timeout(RECONCILE_LIMIT_MS)]);
    const report = await directory.reconcile(wanted.entries, { signal });
    const failed = new Map(report.failed.map(({ key, reason }) => [nameOf(key), reason]));
    const states = wanted.entries.map((entry): EntryState => {
      const key: DirectoryKey = { kind: entry.kind, name: entry.kind === 'phone' ? entry.username : entry.name };
      const reason = failed.get(nameOf(key));
      return stateOf(key, reason === undefined ? { kind: 'applied' } : { kind: 'failed', reason });
    });
    await entries.note(scope, [...states, ...wanted.withheld], wanted.readAt);
    const { unchanged, pushed, removed } = report;
    if (pushed.length + removed.length + report.failed.length > 0)
      log.info({ unchanged, pushed: pushed.length, removed: removed.length, failed: report.failed }, 'directory reconciled');
    return end(report);
  } catch (error) {
    if (!closing.aborted) log.warn({ error: loggableError(error) }, 'directory could not be reconciled');
    return end({ error: loggableError(error).causes.at(-1)?.message ?? 'failed' });
  }
}

function stateOf(key: DirectoryKey, outcome: PushOutcome): EntryState {
  if (outcome.kind === 'applied') return { key, state: 'applied', reason: null };
  return { key, state: 'failed', reason: outcome.reason.slice(0, MAX_REASON_LENGTH) };
}

function nameOf({ kind, name }: DirectoryKey): string {
  return `${kind} ${name}`;
}

function patience(): Promise<TelephonyState> {
  return new Promise((resolve) => {
    const reason = `not done within ${PUSH_WAIT_MS} ms; it goes on`;
    setTimeout(() => resolve({ state: 'pending', reason }), PUSH_WAIT_MS).unref();
  });
}
