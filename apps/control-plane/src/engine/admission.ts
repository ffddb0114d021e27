// Who gets a place: as many calls as the box bears and the organization's plan allows, and for the others what their organization chose.
import type { CallLeg, RejectReason } from '#ports/call-control.ts';
import type { CallOutcome } from '#ports/call-event.ts';
import type { CallRoute, OverloadWish } from '#ports/call-routing.ts';
import type { Clock } from '#shared/clock.ts';
import { openCapacity, openSharedCapacity } from './capacity.ts';
import type { PositionTeller } from './position-teller.ts';
import type { WaitOutcome, WaitingRoom } from './waiting-room.ts';
import { openWaitingRoom } from './waiting-room.ts';

/** What the box bears now. */
export type AdmissionView = {
  /** Calls that may be up. */
  readonly maxCalls: number;
  /** False while calls that are up are not answered in time. */
  readonly isOpen: boolean;
};

/** What became of a call that there was no room for at once. */
export type OverloadOutcome =
  | { readonly kind: 'room'; readonly held: Disposable }
  | { readonly kind: 'refuse'; readonly why: { readonly reason: RejectReason; readonly outcome: CallOutcome } }
  /** The caller is up already, or his organization wants somebody rung: null is nobody, and he is told so. */
  | { readonly kind: 'hand_over'; readonly destination: string | null }
  | { readonly kind: 'gone' };

/** The places of this process. */
export type Admission = {
  /** A place for a call, returned by disposing it; null when there is none. Callers who wait come first. */
  enter(route: CallRoute): Disposable | null;
  /** A place whatever is held: for a call that was up before this process. */
  enterAnyway(route: CallRoute): Disposable;
  /** What its organization chose for a call without a place; a caller who is held waits in here, and `teller` (null: nobody) tells him his place. */
  overload(leg: CallLeg, route: CallRoute, teller: PositionTeller | null): Promise<OverloadOutcome>;
  held(): number;
  readonly waiting: Pick<WaitingRoom, 'count' | 'longestMs'>;
  /** Told now and then, because the view opens by itself. */
  tick(): void;
  close(): void;
};

export type AdmissionParts = {
  readonly view: () => AdmissionView;
  readonly clock: Clock;
  /** Callers who are held at the same time. */
  readonly maxWaiting: number;
  /** Told of each call without a place, with what its organization chose. */
  readonly onOverload?: ((choice: OverloadWish['choice']) => void) | undefined;
};

/** Without a wish of its organization a call is refused. */
const NO_WISH: OverloadWish = { choice: 'refuse', destination: null, maxWaitMs: 0 };

const NO_ROOM: OverloadOutcome = { kind: 'refuse', why: { reason: 'at_capacity', outcome: 'rejected_at_capacity' } };
const STOPPING: OverloadOutcome = { kind: 'refuse', why: { reason: 'not_ready', outcome: 'rejected_not_ready' } };

export function openAdmission({ view, clock, maxWaiting, onOverload }: AdmissionParts): Admission {
  const capacity = openCapacity();
  const shares = openSharedCapacity();
  const room = openWaitingRoom(clock, maxWaiting);
  const held = (places: readonly Disposable[]): Disposable => ({
    [Symbol.dispose]() {
      for (const place of places) place[Symbol.dispose]();
      room.admit();
    },
  });
  const tryEnter = ({ scope, concurrentCalls }: CallRoute): Disposable | 'busy' | 'full' => {
    const { isOpen, maxCalls } = view();
    const slot = isOpen ? capacity.acquire(maxCalls) : null;
    if (slot === null) return 'full';
    const share = shares.acquire(scope.organizationId, concurrentCalls);
    if (share !== null) return held([slot, share]);
    slot[Symbol.dispose]();
    return 'busy';
  };
  return {
    held: () => capacity.held(),
    waiting: room,
    tick: () => room.admit(),
    close: () => room.close(),
    enter(route) {
      room.admit();
      const place = tryEnter(route);
      return place === 'busy' || place === 'full' ? null : place;
    },
    enterAnyway({ scope }) {
      const places = [capacity.acquire(Number.POSITIVE_INFINITY), shares.acquire(scope.organizationId, Number.POSITIVE_INFINITY)];
      return held(places.filter((place) => place !== null));
    },
    async overload(leg, route, teller) {
      const wish = route.overload ?? NO_WISH;
      onOverload?.(wish.choice);
      switch (wish.choice) {
        case 'refuse':
          return NO_ROOM;
        case 'fallback':
          return wish.destination === null ? NO_ROOM : { kind: 'hand_over', destination: wish.destination };
        case 'queue': {
          const { organizationId } = route.scope;
          const waited = await room.wait({ leg, organizationId, maxWaitMs: wish.maxWaitMs, enter: () => tryEnter(route), teller });
          return afterWait(waited, wish);
        }
      }
    },
  };
}

/** A line that is too long is not joined, and one that is closed is left at once: who is rung instead does not keep the process. */
function afterWait(waited: WaitOutcome, { destination }: OverloadWish): OverloadOutcome {
  switch (waited.kind) {
    case 'room':
      return waited;
    case 'gone':
      return { kind: 'gone' };
    case 'full':
      return destination === null ? NO_ROOM : { kind: 'hand_over', destination };
    case 'closed':
      return destination === null ? STOPPING : { kind: 'hand_over', destination };
    case 'too_long':
      return { kind: 'hand_over', destination };
  }
}
