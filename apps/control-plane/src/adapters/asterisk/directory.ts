// Phones and trunks in Asterisk's dynamic configuration, pushed over ARI. Asterisk keeps them in its own database and over restarts.
//
// An entry is several objects under one name, and the endpoint among them is the only kind that ARI can list. So the endpoint is the mark of
// an entry: what is left of an entry without it (a digest, an address of record) opens nothing, and the objects that act by themselves (a trunk's
// addresses and its registration) come after the endpoint and go before it. Names whose push or removal stopped half-way are remembered here and
// looked at again by the next reconciliation.
import type { AriClient } from 'asterisk-ari-client';
import { isNotFound } from 'asterisk-ari-client/ari-error.ts';
import type { ConfigTuple } from 'asterisk-ari-client/generated/models.ts';
import type {
  DirectoryEntry,
  DirectoryKey,
  PushOutcome,
  ReconcileOptions,
  ReconcileReport,
  TelephonyDirectory,
} from '#ports/telephony-directory.ts';
import type { Log } from '#shared/log.ts';
import { endpointName, firstDifference, keyOf, keyOfEndpoint, objectNames, toObjects } from './directory-objects.ts';
import type { ObjectName, ObjectType, SipObject } from './directory-objects.ts';
import { DIRECTORY_AT_ONCE, DIRECTORY_REQUEST_MS } from './limits.ts';

/** What the directory works with. */
export type DirectoryParts = {
  /** Null before the first connection. */
  readonly ari: () => AriClient | null;
  readonly log: Log;
};

/** The directory, with what the adapter tells it. */
export type AsteriskDirectory = TelephonyDirectory & { connected(): void };

type Work = { readonly ari: AriClient; readonly signal: AbortSignal };

export function openDirectory({ ari, log }: DirectoryParts): AsteriskDirectory {
  const listeners: (() => void)[] = [];
  /** Entries that may be there in part, by endpoint. */
  const unfinished = new Map<string, DirectoryKey>();

  function connection(signal: AbortSignal): Work {
    const client = ari();
    if (client === null) throw new Error('Asterisk was not reached yet');
    return { ari: client, signal };
  }

  /** Runs one entry's change; whatever stops it is an outcome. */
  async function attempt(key: DirectoryKey, change: () => Promise<void>): Promise<PushOutcome> {
    const name = endpointName(key);
    unfinished.set(name, key);
    try {
      await change();
      unfinished.delete(name);
      return { kind: 'applied' };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.warn({ endpoint: name, err: error }, 'Asterisk did not take a change of the directory');
      return { kind: 'failed', reason };
    }
  }

  return {
    async reconcile(wanted, { signal, lookAgain }) {
      const work = connection(signal);
      const endpoints = await ask(work, (options) => work.ari.call('endpoints.listByTech', { tech: 'PJSIP' }, options));
      const names = new Set(wanted.map((entry) => endpointName(keyOf(entry))));
      const present = [...endpoints.flatMap(({ resource }) => keyOfEndpoint(resource) ?? []), ...unfinished.values()];
      const strays = new Map(present.map((key) => [endpointName(key), key]));
      for (const name of names) strays.delete(name);
      const report = emptyReport();
      const change = async (key: DirectoryKey, make: () => Promise<Change>): Promise<void> => {
        let made: Change = 'unchanged';
        const outcome = await attempt(key, async () => void (made = await make()));
        noteOutcome(report, key, { outcome, made });
      };
      await eachOf(strays.values(), (key) => change(key, () => follow(work, key, lookAgain)));
      await eachOf(wanted, async (entry) => {
        const key = keyOf(entry);
        await change(key, async () => ((await isThere(work, entry)) ? 'unchanged' : await follow(work, key, lookAgain)));
      });
      return report;
    },
    put: async (entry, { signal }) => attempt(keyOf(entry), async () => void (await pushEntry(connection(signal), entry))),
    remove: async (key, { signal }) => attempt(key, () => removeEntry(connection(signal), key)),
    onConnected: (listener) => void listeners.push(listener),
    connected() {
      for (const listener of listeners) listener();
    },
  };
}

/** What became of an entry. */
type Change = 'unchanged' | 'pushed' | 'removed';

/** Makes an entry what it is wanted to be at this moment. */
async function follow(work: Work, key: DirectoryKey, lookAgain: ReconcileOptions['lookAgain']): Promise<Change> {
  const entry = await lookAgain(key);
  if (entry !== null) return (await pushEntry(work, entry)) ? 'pushed' : 'unchanged';
  await removeEntry(work, key);
  return 'removed';
}

/** Whether Asterisk has the entry as it is. */
async function isThere(work: Work, entry: DirectoryEntry): Promise<boolean> {
  for (const object of toObjects(entry)) if (!isSame(object, await findObject(work, object))) return false;
  return true;
}

/** True when something had to be changed. */
async function pushEntry(work: Work, entry: DirectoryEntry): Promise<boolean> {
  let isChanged = false;
  for (const object of toObjects(entry)) isChanged = (await pushObject(work, object)) || isChanged;
  return isChanged;
}

async function removeEntry(work: Work, key: DirectoryKey): Promise<void> {
  for (const name of objectNames(key).toReversed()) await removeObject(work, name);
}

async function findObject(work: Work, name: ObjectName): Promise<readonly ConfigTuple[] | null> {
  return await orNull(ask(work, (options) => work.ari.call('asterisk.getObject', toPath(name), options)));
}

function isSame({ fields }: SipObject, found: readonly ConfigTuple[] | null): boolean {
  return fields === null || found === null ? fields === found : firstDifference(fields, found) === null;
}

/** True when it had to be changed. Throws when Asterisk afterwards says something else than it was told. */
async function pushObject(work: Work, object: SipObject): Promise<boolean> {
  const { type, id, fields } = object;
  const name = toPath({ type, id });
  const found = await findObject(work, object);
  if (isSame(object, found)) return false;
  if (found !== null && (fields === null || isRemade(type, fields))) await removeObject(work, { type, id });
  if (fields === null) return true;
  const written = await ask(work, (options) => work.ari.call('asterisk.updateObject', { ...name, fields }, options));
  const difference = firstDifference(fields, written);
  if (difference !== null) throw new Error(`Asterisk keeps another ${difference} of ${type} ${id} than it was told`);
  return true;
}

async function removeObject(work: Work, name: ObjectName): Promise<void> {
  await orNull(ask(work, (options) => work.ari.call('asterisk.deleteObject', toPath(name), options)));
}

/** A change adds to lists, such as a second address to the first: such objects are made anew. A phone's address of record is not: it would forget the phone. */
function isRemade(type: ObjectType, fields: readonly ConfigTuple[]): boolean {
  return type === 'identify' || type === 'registration' || (type === 'aor' && fields.some(({ attribute }) => attribute === 'contact'));
}

/** The class is always this one, also for objects of other modules. */
function toPath({ type, id }: ObjectName) {
  return { configClass: 'res_pjsip', objectType: type, id };
}

/** One request, with its own limit. */
async function ask<T>({ signal }: Work, request: (options: { signal: AbortSignal; timeoutMs: number }) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  return await request({ signal, timeoutMs: DIRECTORY_REQUEST_MS });
}

async function orNull<T>(request: Promise<T>): Promise<T | null> {
  try {
    return await request;
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

/** A few at a time: the calls' own requests travel on the same connection. */
async function eachOf<Item>(items: Iterable<Item>, work: (item: Item) => Promise<void>): Promise<void> {
  const rest = [...items].values();
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: DIRECTORY_AT_ONCE }, worker));
}

type OpenReport = {
  unchanged: number;
  readonly pushed: DirectoryKey[];
  readonly removed: DirectoryKey[];
  readonly failed: ReconcileReport['failed'][number][];
};

function emptyReport(): OpenReport {
  return { unchanged: 0, pushed: [], removed: [], failed: [] };
}

function noteOutcome(report: OpenReport, key: DirectoryKey, { outcome, made }: { outcome: PushOutcome; made: Change }): void {
  if (outcome.kind === 'failed') report.failed.push({ key, reason: outcome.reason });
  else if (made === 'unchanged') report.unchanged += 1;
  else report[made].push(key);
}
