// A global stop from the moment it is asked for until the database has it: a database that is away or hangs keeps nobody from stopping the calls.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '#shared/clock.ts';
import { isDatabaseAway } from '#shared/database-away.ts';
import type { Log } from '#shared/log.ts';
import type { By, GlobalStopStore, StopState, StopWish } from './global-stop-store.ts';

/** A stop is answered after this at the latest, stored or not: of the 2 s within which it must hold. A database that hangs is given up after 10 s only. */
const STORE_MS = 1_500;

/** A state after a wish. `stored: false`: it holds on this server alone until the database is back; a restart before that forgets it. */
export type StopChange = StopState & { readonly changed: boolean; readonly stored: boolean };

export type HeldStop = {
  /** A stop that is not stored yet; null: there is none. */
  unstored(): StopState | null;
  /** That, or else what the database said last. */
  current(): StopState | null;
  /** Holds at once. Settles once the database has it, or says that it has not. A person's stop that is not stored yet is replaced by a person's only. */
  stop(by: By, wish: StopWish): Promise<StopChange>;
  /** Stores what is not stored yet; rejects when the database is still away. */
  storeAgain(): Promise<void>;
  /** What a resumption makes of a stop that is not stored yet; null: there is none, or the database got it meanwhile. Probes resume no stop of a person's. */
  resume(by: By, wish: StopWish): Promise<StopChange | null>;
};

type Held = { readonly by: By; readonly wish: StopWish; readonly changedAt: Date };
type HeldStopParts = {
  readonly store: GlobalStopStore;
  /** What the database said last. */
  readonly known: () => StopState | null;
  readonly learn: <State extends StopState>(state: State) => State;
  readonly clock: Pick<Clock, 'wallAt'>;
  readonly log: Log;
};

export function createHeldStop({ store, known, learn, clock, log }: HeldStopParts): HeldStop {
  let held: Held | null = null;
  /** Settles after every store that was begun: a slow one may end after a later one. */
  let storing: Promise<void> = Promise.resolve();

  async function keep(stop: Held): Promise<StopChange> {
    const change = learn(await store.change(stop.by, stop.wish));
    if (held === stop) held = null;
    return { ...change, stored: true };
  }
  function begin(stop: Held): Promise<StopChange> {
    const keeping = keep(stop);
    storing = Promise.all([storing, keeping.catch(() => {})]).then(() => {});
    return keeping;
  }
  const unstored = (): StopState | null => (held === null ? null : stateOf(held, known()));
  return {
    unstored,
    current: () => unstored() ?? known(),
    async stop(by, wish) {
      if (held?.wish.cause === 'admin' && wish.cause !== 'admin') return { ...stateOf(held, known()), changed: false, stored: false };
      const stop = { by, wish, changedAt: clock.wallAt() };
      held = stop;
      try {
        const kept = await Promise.race([begin(stop), sleep(STORE_MS, null, { ref: false })]);
        if (kept !== null) return kept;
      } catch (error) {
        if (!isDatabaseAway(error)) {
          if (held === stop) held = null;
          throw error;
        }
      }
      log.warn({ cause: wish.cause }, 'new calls are stopped on this server alone: the database does not keep it yet');
      return { ...stateOf(stop, known()), changed: true, stored: false };
    },
    async storeAgain() {
      await storing;
      if (held !== null) await begin(held);
    },
    async resume(by, { cause }) {
      const stop = unstored();
      if (stop === null) return null;
      if (cause !== 'admin') return { ...stop, changed: false, stored: false };
      held = null;
      // Nothing of the stop may reach the database after what is stored next.
      await storing;
      // What the database has may be more than it could tell us: the answer to a stop may have been lost.
      const last = await Promise.race([store.read(by.scope).then(learn).catch(known), sleep(STORE_MS, null, { ref: false }).then(known)]);
      return last?.state === 'running' ? { ...last, changed: true, stored: true } : null;
    },
  };
}

function stateOf({ wish, changedAt }: Held, known: StopState | null): StopState {
  const { state, cause, reason } = wish;
  return { state, cause, reason, revision: known?.revision ?? 0, changedAt };
}
