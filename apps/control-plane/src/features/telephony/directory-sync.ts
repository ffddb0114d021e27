// Makes the telephone system follow the rows: one change at once, everything at the start, at every connection and every few minutes.
// Other processes do the same with the same telephone system. So each reads a row right before it pushes it and once more afterwards: whoever
// overwrote what is newer sees that in the second look and pushes again.
import { isDeepStrictEqual } from 'node:util';
import type { Notification } from '#db/client.ts';
import { parseAccessChange } from '#features/access/access-change-store.ts';
import type { DirectoryEntry, DirectoryKey, PushOutcome, TelephonyDirectory } from '#ports/telephony-directory.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';
import type { DirectoryRow, DirectoryStore, EntryState, RowState } from './directory-store.ts';
import { entryOf } from './directory-store.ts';
import type { PushState } from './phone-store.ts';

/** What Asterisk forgot or was told by others is put right within this time. */
const RECONCILE_EVERY_MS = 300_000;
/** After a comparison that failed, in whole or for one entry, and after a change that was not taken. */
const RETRY_AFTER_MS = 15_000;
/** A thousand phones take about 2 s; an Asterisk that does not answer must not hold up the next attempt for long. */
const RECONCILE_LIMIT_MS = 60_000;
/** How long a request waits for its own change: 3 ms, or until a comparison that is under way is done. */
const PUSH_WAIT_MS = 5_000;
/** A row that changes faster than it is pushed is left to whoever changes it. */
const PUSH_ATTEMPTS = 3;
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

async function pushOne(parts: DirectorySyncParts, key: DirectoryKey, signal: AbortSignal): Promise<TelephonyState> {
  const { directory, entries, scope } = parts;
  for (let attempt = 1; ; attempt += 1) {
    const row = await entries.find(scope, key);
    const entry = entryOf(row);
    const outcome = entry ? await directory.put(entry, { signal }) : await directory.remove(key, { signal });
    if (attempt < PUSH_ATTEMPTS && !isDeepStrictEqual(await entries.find(scope, key), row)) continue;
    const state = row && outcome.kind === 'applied' ? stateOf(row) : stateAfter(key, outcome);
    if (row) await entries.note(scope, [{ ...state, version: row.version }]);
    return { state: state.state, reason: state.reason };
  }
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
    const signal = AbortSignal.any([closing, AbortSignal.timeout(RECONCILE_LIMIT_MS)]);
    const rows = await entries.read(scope);
    const seen = new Map<string, DirectoryRow | null>();
    const lookAgain = async (key: DirectoryKey): Promise<DirectoryEntry | null> => {
      const row = await entries.find(scope, key);
      seen.set(nameOf(key), row);
      return entryOf(row);
    };
    const wanted = rows.flatMap((row) => entryOf(row) ?? []);
    const report = await directory.reconcile(wanted, { signal, lookAgain });
    const failed = new Map(report.failed.map(({ key, reason }) => [nameOf(key), reason]));
    const current = new Map([...rows.map((row) => [nameOf(row.key), row] as const), ...seen]);
    const states = [...current.values()].flatMap((row): RowState[] => {
      if (!row) return [];
      const reason = failed.get(nameOf(row.key));
      const state = reason === undefined ? stateOf(row) : stateAfter(row.key, { kind: 'failed', reason });
      return [{ ...state, version: row.version }];
    });
    await entries.note(scope, states);
    const changes = [...report.pushed, ...report.removed];
    for (const key of await overtaken(parts, changes, seen)) await pushOne(parts, key, signal);
    const { unchanged, pushed, removed } = report;
    if (pushed.length + removed.length + report.failed.length > 0)
      log.info({ unchanged, pushed: pushed.length, removed: removed.length, failed: report.failed }, 'directory reconciled');
    return end(report);
  } catch (error) {
    if (!closing.aborted) log.warn({ error: loggableError(error) }, 'directory could not be reconciled');
    return end({ error: loggableError(error).causes.at(-1)?.message ?? 'failed' });
  }
}

/** Of what was changed, that whose row says something else by now. */
async function overtaken({ entries, scope }: DirectorySyncParts, changes: readonly DirectoryKey[], seen: Map<string, DirectoryRow | null>) {
  if (changes.length === 0) return [];
  const now = new Map((await entries.read(scope)).map((row) => [nameOf(row.key), row]));
  return changes.filter((key) => !isDeepStrictEqual(now.get(nameOf(key)) ?? null, seen.get(nameOf(key)) ?? null));
}

/** Of a row that the telephone system follows. */
function stateOf({ key, says }: DirectoryRow): EntryState {
  return 'kind' in says ? { key, state: 'applied', reason: null } : says;
}

function stateAfter(key: DirectoryKey, outcome: PushOutcome): EntryState {
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
