// What a call does when a model or its configuration fails: fill the wait, try again, say sorry, hand over or close. Pure: no timer, no sound.
import { InferenceError } from '#ports/inference-error.ts';
import type { InferenceRole } from '#ports/inference-error.ts';
import { invariant } from '#shared/invariant.ts';

/** What failed. `configuration`: an agent that cannot answer as it is set up, such as a flow that lost a node. */
export type FailedComponent = InferenceRole | 'configuration';

/** Where a call stands with its failures. Each state knows since when (monotonic ms), so that every transition is timed. */
export type FailureState =
  | { readonly kind: 'steady' }
  /** A try failed or is late; it or others are under way. `fillerAtMs`: when the last filler was begun. */
  | { readonly kind: 'bridging'; readonly component: InferenceRole; readonly sinceMs: number; readonly fillerAtMs: number }
  | { readonly kind: 'apologising'; readonly component: FailedComponent; readonly sinceMs: number }
  | { readonly kind: 'handing_over'; readonly component: FailedComponent; readonly sinceMs: number }
  | { readonly kind: 'closing'; readonly component: FailedComponent; readonly sinceMs: number };

/** A caller who waits for the agent and hears nothing. */
export type CallerWait = {
  readonly sinceMs: number;
  /** What is waited for. */
  readonly component: InferenceRole;
  /** Whether a try of it failed already and another is under way. */
  readonly isFailing: boolean;
};

/** What happened. */
export type FailureEvent =
  /** The caller waits and hears nothing; told again and again while he does. */
  | ({ readonly kind: 'waiting'; readonly atMs: number } & CallerWait)
  /** The agent is heard, or the floor is the caller's again: nobody waits for us any more. */
  | { readonly kind: 'relieved'; readonly atMs: number }
  /** No try is left. */
  | { readonly kind: 'gave_up'; readonly component: FailedComponent; readonly atMs: number }
  /** The apology was heard, or there is none. `canHandOver`: somebody can be rung. */
  | { readonly kind: 'apology_over'; readonly canHandOver: boolean; readonly atMs: number }
  | { readonly kind: 'hand_over_failed'; readonly atMs: number };

/** What is to be done now. `give_up` asks for the event `gave_up`: what is under way is thrown away first. */
export type FailureAction = 'play_filler' | 'give_up' | 'apologise' | 'hand_over' | 'close';

export type FailureStep = { readonly state: FailureState; readonly action: FailureAction | null };

/**
 * Waits before the two retries. A server that is restarted by its supervisor is back within 2 s; both together stay below the 3 s
 * after which a caller who heard "one moment" asks whether anybody is there.
 */
export const RETRY_WAITS_MS: readonly number[] = [400, 1_400];

/** A failed try is filled at once: the caller is promised a sound within 800 ms. A wait that is no failure yet is filled from here on: with the pause that ended the turn the caller heard nothing for less than 2 s. */
export const STALL_MS = 1_200;

/** While the tries go on, a filler again this long after the last one began. */
export const FILLER_EVERY_MS = 4_000;

/** Whatever the tries still hope for, the caller gets the apology after this. */
export const BRIDGE_LIMIT_MS = 9_000;

invariant(STALL_MS < FILLER_EVERY_MS, 'a stall is filled before it is filled again');
invariant(RETRY_WAITS_MS.reduce((sum, ms) => sum + ms, 0) < BRIDGE_LIMIT_MS, 'the retries come before the apology');

/** Before the first failure. */
export const steady: FailureState = { kind: 'steady' };

/** How long to wait before the next try; null: no try is left. `attempt` is the one that failed, from 1. */
export function retryWaitMs(attempt: number): number | null {
  return RETRY_WAITS_MS[attempt - 1] ?? null;
}

/** Whose failure an error is: everything that is no model's is the agent's own. */
export function componentOf(error: unknown): FailedComponent {
  return error instanceof InferenceError ? error.role : 'configuration';
}

/** The state after an event, and what to do. Events that come too late change nothing. */
export function stepFailure(state: FailureState, event: FailureEvent): FailureStep {
  switch (state.kind) {
    case 'steady':
      return stepSteady(state, event);
    case 'bridging':
      return stepBridging(state, event);
    case 'apologising':
      if (event.kind !== 'apology_over') return { state, action: null };
      return event.canHandOver
        ? { state: { ...state, kind: 'handing_over', sinceMs: event.atMs }, action: 'hand_over' }
        : { state: { ...state, kind: 'closing', sinceMs: event.atMs }, action: 'close' };
    case 'handing_over':
      if (event.kind !== 'hand_over_failed') return { state, action: null };
      return { state: { ...state, kind: 'closing', sinceMs: event.atMs }, action: 'close' };
    case 'closing':
      return { state, action: null };
  }
}

function stepSteady(state: FailureState, event: FailureEvent): FailureStep {
  switch (event.kind) {
    case 'waiting': {
      const { component, atMs } = event;
      if (!event.isFailing && atMs - event.sinceMs < STALL_MS) return { state, action: null };
      return { state: { kind: 'bridging', component, sinceMs: atMs, fillerAtMs: atMs }, action: 'play_filler' };
    }
    case 'gave_up':
      return apologise(event);
    case 'relieved':
    case 'apology_over':
    case 'hand_over_failed':
      return { state, action: null };
  }
}

function stepBridging(state: Extract<FailureState, { kind: 'bridging' }>, event: FailureEvent): FailureStep {
  switch (event.kind) {
    case 'waiting':
      if (event.atMs - state.sinceMs >= BRIDGE_LIMIT_MS) return { state, action: 'give_up' };
      if (event.atMs - state.fillerAtMs < FILLER_EVERY_MS) return { state, action: null };
      return { state: { ...state, fillerAtMs: event.atMs }, action: 'play_filler' };
    case 'relieved':
      return { state: steady, action: null };
    case 'gave_up':
      return apologise(event);
    case 'apology_over':
    case 'hand_over_failed':
      return { state, action: null };
  }
}

function apologise({ component, atMs }: { component: FailedComponent; atMs: number }): FailureStep {
  return { state: { kind: 'apologising', component, sinceMs: atMs }, action: 'apologise' };
}
