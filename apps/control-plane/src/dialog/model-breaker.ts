// Keeps callers from waiting for a language model that is down: after enough failures nobody asks it for a while, then one caller tries.

/** Whether the model is asked. `failedAtMs` are the failures of the window, oldest first. */
export type BreakerState =
  | { readonly kind: 'closed'; readonly failedAtMs: readonly number[] }
  | { readonly kind: 'open'; readonly untilMs: number }
  /** One request is under way; its end decides. */
  | { readonly kind: 'half_open' };

/** What happened to a request. `left`: whoever asked went away first, which says nothing about the model. */
export type BreakerEvent = { readonly kind: 'asked' | 'answered' | 'failed' | 'left'; readonly atMs: number };

/** Failures are counted over this long: at 50 calls and a turn every 9 s, a model that fails for a fifth of them is found in about 5 s. */
export const BREAKER_WINDOW_MS = 30_000;
/** Failures in the window that open it. One stalled call alone makes two a turn (the answer and its repair). */
export const BREAKER_FAILURES = 5;
/** How long nobody asks: a model server that was restarted needs minutes, one that was overloaded needs seconds. */
export const BREAKER_REST_MS = 10_000;

/** Before the first request. */
export const closedBreaker: BreakerState = { kind: 'closed', failedAtMs: [] };

/** The state after an event. For `asked`, `isAdmitted` says whether the request may go out; for the others it is true. */
export function stepBreaker(state: BreakerState, event: BreakerEvent): { readonly state: BreakerState; readonly isAdmitted: boolean } {
  const { kind, atMs } = event;
  switch (state.kind) {
    case 'closed':
      return { state: kind === 'failed' ? afterFailure(state.failedAtMs, atMs) : state, isAdmitted: true };
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
          return { state: { kind: 'open', untilMs: atMs + BREAKER_REST_MS }, isAdmitted: true };
        case 'left':
          return { state: { kind: 'open', untilMs: atMs }, isAdmitted: true };
      }
  }
}

function afterFailure(failedAtMs: readonly number[], atMs: number): BreakerState {
  const failures = [...failedAtMs.filter((earlierMs) => atMs - earlierMs < BREAKER_WINDOW_MS), atMs];
  return failures.length >= BREAKER_FAILURES ? { kind: 'open', untilMs: atMs + BREAKER_REST_MS } : { kind: 'closed', failedAtMs: failures };
}
