// Callers for whom there is no room now: held with music, in the order in which they came, until there is.
import type { CallLeg } from '#ports/call-control.ts';
import type { Clock } from '#shared/clock.ts';
import { WAITING_PER_FREE_PLACE } from './limits.ts';
import type { PositionTeller } from './position-teller.ts';

/** How a wait ended. `room`: `held` is the caller's place, to be returned when his call is over. `full`: no place in the line, for him or his organization. */
export type WaitOutcome = { readonly kind: 'room'; readonly held: Disposable } | { readonly kind: 'gone' | 'too_long' | 'full' | 'closed' };

/** A caller who waits. */
export type WaitingCaller = {
  readonly leg: CallLeg;
  /** Whose caller he is: his place is counted among these alone, and how many of these are held decides whether he is. */
  readonly organizationId: string;
  /** The longest that he is held. */
  readonly maxWaitMs: number;
  /** A place for his call; `busy`: his organization has none left, `full`: nobody gets one. */
  readonly enter: () => Disposable | 'busy' | 'full';
  /** Tells him his place; null: nobody does. */
  readonly teller: Pick<PositionTeller, 'place' | 'stop'> | null;
};

/** The room of one process. */
export type WaitingRoom = {
  /** Holds the caller; settles when it is his turn, or when it is over. */
  wait(caller: WaitingCaller): Promise<WaitOutcome>;
  /**
   * Lets in whoever comes first and has a place now, and tells the others theirs. Called when a place became free, and now and then: the admission
   * opens by itself too.
   */
  admit(): void;
  count(): number;
  /** How long the first in line has waited, ms; 0 when nobody waits. */
  longestMs(): number;
  /** Nobody waits from now on. */
  close(): void;
};

type Waiter = WaitingCaller & { readonly sinceMs: number; readonly settle: (outcome: WaitOutcome) => void };

/**
 * `max` callers are held at the same time; the next one is not: each is a channel of Asterisk, and ports for his sound. Fewer of one organization are,
 * see `WAITING_PER_FREE_PLACE`.
 */
export function openWaitingRoom(clock: Clock, max: number): WaitingRoom {
  const line: Waiter[] = [];
  let isClosed = false;
  const leave = (waiter: Waiter): void => {
    const place = line.indexOf(waiter);
    if (place !== -1) line.splice(place, 1);
  };
  const letIn = (): void => {
    for (const waiter of line.slice()) {
      const held = waiter.enter();
      if (held === 'full') return;
      if (held !== 'busy') waiter.settle({ kind: 'room', held });
    }
  };
  const room: WaitingRoom = {
    count: () => line.length,
    longestMs: () => (line[0] ? clock.nowMs() - line[0].sinceMs : 0),
    admit() {
      letIn();
      tellPlaces(line);
    },
    close() {
      isClosed = true;
      for (const waiter of line.slice()) waiter.settle({ kind: 'closed' });
    },
    async wait(caller) {
      if (isClosed) return { kind: 'closed' };
      if (!mayJoin(line, { organizationId: caller.organizationId, max })) return { kind: 'full' };
      const { promise, resolve } = Promise.withResolvers<WaitOutcome>();
      const waiter: Waiter = {
        ...caller,
        sinceMs: clock.nowMs(),
        settle: (outcome) => {
          leave(waiter);
          resolve(outcome);
        },
      };
      line.push(waiter);
      const tooLong = setTimeout(() => waiter.settle({ kind: 'too_long' }), caller.maxWaitMs);
      const gone = caller.leg.hold();
      // Whoever cannot be held, because he hung up or Asterisk is gone, does not wait.
      void gone.then(
        () => waiter.settle({ kind: 'gone' }),
        () => waiter.settle({ kind: 'gone' }),
      );
      tellPlaces(line);
      try {
        return await promise;
      } finally {
        clearTimeout(tooLong);
        // At once: whoever is told his place next must not hear one that was.
        tellPlaces(line);
        const silent = caller.teller?.stop();
        await caller.leg.endHold();
        await silent;
      }
    },
  };
  return room;
}

/** Whether the line has a place for one more of the organization's callers: never without a free one, always when it has nobody in it and one is free. */
function mayJoin(line: readonly Waiter[], { organizationId, max }: { readonly organizationId: string; readonly max: number }): boolean {
  const own = line.filter((waiter) => waiter.organizationId === organizationId).length;
  return own < WAITING_PER_FREE_PLACE * (max - line.length);
}

/** An organization's callers are let in in their order, whatever callers of others do: nothing of those is in the number. */
function tellPlaces(line: readonly Waiter[]): void {
  const ahead = new Map<string, number>();
  for (const { organizationId, teller } of line) {
    const position = (ahead.get(organizationId) ?? 0) + 1;
    ahead.set(organizationId, position);
    teller?.place(position);
  }
}
