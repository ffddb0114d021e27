/**
 * Whether this server takes new calls, as the database says: heard at once, and looked at every second in case nothing was heard. While the
 * database is away the last word holds, and a stop is held here until it can be stored; before the first word no call is taken, so that a restart
 * resumes nothing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';
import type { By, GlobalStopStore, StopState, StopWish } from './global-stop-store.ts';
import { createHeldStop } from './held-stop.ts';
import type { StopChange } from './held-stop.ts';

/** Half of the 2 s within which a stop must hold on every server. */
const POLL_MS = 1_000;

/** The stop, as this server knows it. */
export type GlobalStop = AsyncDisposable & {
  /** Whether new calls are refused. */
  isStopped(): boolean;
  /** False as long as a stop of this server is not in the database: the other servers do not know of it, and a restart forgets it. */
  isStored(): boolean;
  /** Null before the database was heard once. */
  current(): StopState | null;
  /** Changes it for all servers; holds here once it settles. A stop holds here at once, and while the database is away here alone. */
  change(by: By, wish: StopWish): Promise<StopChange>;
  /** Reads it anew; a stop that is not stored yet comes first. */
  read(): Promise<StopState>;
  /** `listener` is told of each state that is new here, the first one too. One listener; the last one wins. */
  listen(listener: (state: StopState, isFirst: boolean) => void): void;
};

export type GlobalStopParts = {
  readonly store: GlobalStopStore;
  /** Calls `observe` whenever a change was announced, until disposed. */
  readonly openChanges: (observe: () => void) => AsyncDisposable;
  readonly clock: Pick<Clock, 'wallAt'>;
  readonly log: Log;
};

/** Follows it until disposed. Settles after the first look, also when the database is away. */
export async function openGlobalStop({ store, openChanges, clock, log }: GlobalStopParts): Promise<GlobalStop> {
  const scope = mintApplianceScope();
  const stopping = new AbortController();
  let known: StopState | null = null;
  let tell: (state: StopState, isFirst: boolean) => void = () => {};
  let isAway = false;
  const learn = <State extends StopState>(state: State): State => {
    if (known !== null && state.revision <= known.revision) return state;
    const isFirst = known === null;
    known = state;
    log.info({ state: state.state, cause: state.cause, revision: state.revision }, 'new calls: taken or stopped');
    tell(state, isFirst);
    return state;
  };
  const held = createHeldStop({ store, known: () => known, learn, clock, log });
  const read = async (): Promise<StopState> => learn(await store.read(scope));
  const look = async (): Promise<void> => {
    try {
      await read();
      await held.storeAgain();
      isAway = false;
    } catch (error) {
      if (!isAway)
        log.warn({ error: loggableError(error), known: known?.state ?? null }, 'the global stop cannot be read, the last word holds');
      isAway = true;
    }
  };
  const follow = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await sleep(POLL_MS, undefined, { signal: stopping.signal }).catch(() => {});
      if (!stopping.signal.aborted) await look();
    }
  };
  await look();
  const following = follow();
  const listening = openChanges(() => void look());
  return {
    isStopped: () => held.current()?.state !== 'running',
    isStored: () => held.unstored() === null,
    current: () => held.current(),
    read: async () => held.unstored() ?? (await read()),
    change: async (by, wish) =>
      wish.state === 'stopped'
        ? held.stop(by, wish)
        : ((await held.resume(by, wish)) ?? { ...learn(await store.change(by, wish)), stored: true }),
    listen(listener) {
      tell = listener;
      if (known !== null) listener(known, true);
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await following;
      await listening[Symbol.asyncDispose]();
    },
  };
}
