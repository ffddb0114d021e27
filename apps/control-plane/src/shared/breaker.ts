// Keeps callers from waiting for something that is down: after enough failures nobody asks it for a while, then one caller tries.
import type { Clock } from './clock.ts';

/** Whether it is asked. `failedAtMs` are the failures of the window, oldest first. */
export type BreakerState =
  | { readonly kind: 'closed'; readonly failedAtMs: readonly number[] }
  | { readonly kind: 'open'; readonly untilMs: number }
  /** One request is under way; its end decides. */
  | { readonly kind: 'half_open' };

/** How a request ended. `left`: whoever asked went away first, which says nothing about what was asked. */
export type RequestEnd = 'answered' | 'failed' | 'left';

/** What happened to a request. */
export type BreakerEvent = { readonly kind: 'asked' | RequestEnd; readonly atMs: number };

/** When a breaker opens, and for how long. */
export type BreakerLimits = {
  /** Failures are counted over this long. */
  readonly windowMs: number;
  /** Failures in the window that open it. */
  readonly failures: number;
  /** How long nobody asks. */
  readonly restMs: number;
};

/** Before the first request. */
export const closedBreaker: BreakerState = { kind: 'closed', failedAtMs: [] };

/** A breaker with its memory. */
export type Breaker = {
  /** False: nobody may ask now. True: whoever asked says by `end` how it went. */
  ask(): boolean;
  end(kind: RequestEnd): void;
  state(): BreakerState['kind'];
};

/** Opens a breaker. `onChange` is told when the state's kind changed. */
export function openBreaker(options: {
  readonly clock: Clock;
  readonly limits: BreakerLimits;
  readonly onChange?: (from: BreakerState['kind'], to: BreakerState['kind']) => void;
}): Breaker {
  const { clock, limits, onChange } = options;
  let state = closedBreaker;
  const step = (kind: BreakerEvent['kind']): boolean => {
    const from = state.kind;
    const { state: next, isAdmitted } = stepBreaker(state, { kind, atMs: clock.nowMs() }, limits);
    state = next;
    if (next.kind !== from) onChange?.(from, next.kind);
    return isAdmitted;
  };
  return { ask: () => step('asked'), end: (kind) => void step(kind), state: () => state.kind };
}

/** Both must let a request through, and both learn how it ended. */
export function bothBreakers(first: Breaker, second: Breaker): Breaker {
  return {
    ask() {
      if (!first.ask()) return false;
      if (second.ask()) return true;
      first.end('left');
      return false;
    },
    end(kind) {
      first.end(kind);
      second.end(kind);
    },
    state: () => (first.state() === 'closed' ? second.state() : first.state()),
  };
}

/** The state after an event. For `asked`, `isAdmitted` says whether the request may go out; for the others it is true. */
export function stepBreaker(
  state: BreakerState,
  event: BreakerEvent,
  limits: BreakerLimits,
): { readonly state: BreakerState; readonly isAdmitted: boolean } {
  const { kind, atMs } = event;
  switch (state.kind) {
    case 'closed':
      return { state: kind === 'failed' ? afterFailure(state.failedAtMs, atMs, limits) : state, isAdmitted: true };
    case 'open':
      // The end of a request that was asked before says nothing new.
      if (kind !== 'asked') return { state, isAdmitted: true };
      return atMs < state.untilMs ? { state, isAdmitted: false } : { state: { kind: 'half_open' }, isAdmitted: true };
    case 'half_open':
      switch (kind) {
        case 'asked':
          return { state, isAdmitted: false };
        case 'answered':
          return { state: closedBreaker, isAdmitted: true };
        case 'failed':
          return { state: { kind: 'open', untilMs: atMs + limits.restMs }, isAdmitted: true };
        case 'left':
          return { state: { kind: 'open', untilMs: atMs }, isAdmitted: true };
      }
  }
}

function afterFailure(failedAtMs: readonly number[], atMs: number, { windowMs, failures: limit, restMs }: BreakerLimits): BreakerState {
  const failures = [...failedAtMs.filter((earlierMs) => atMs - earlierMs < windowMs), atMs];
  return failures.length >= limit ? { kind: 'open', untilMs: atMs + restMs } : { kind: 'closed', failedAtMs: failures };
}
