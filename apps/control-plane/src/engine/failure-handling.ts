// The failure policy at work in one call: keeps its state, writes every transition down with its time, and knows which sound and whom to ring.
import { waitingTone } from '#audio/waiting-tone.ts';
import type { TransferStep } from '#dialog/next-step.ts';
import type { AgentProfile } from '#ports/agent-profile.ts';
import type { AnnouncementStore } from '#ports/announcement-store.ts';
import type { CallRoute } from '#ports/call-routing.ts';
import { InferenceError } from '#ports/inference-error.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import type { CallRecord } from './call-record.ts';
import { componentOf, steady, stepFailure } from './failure-policy.ts';
import type { CallerWait, FailedComponent, FailureAction, FailureEvent, FailureState } from './failure-policy.ts';

/** How long a representative is rung after an apology: as long as the dialplan's own fallback. */
const HAND_OVER_RING_MS = 30_000;

/** What the call does when it is told to. */
export type FailureDeeds = {
  /** Plays a sound ahead of whatever the agent says next. */
  fill(pcm: Int16Array): void;
  /** Throws away what is under way and tells `gaveUp`. */
  giveUp(error: InferenceError): void;
  /** Plays a sound to its end and then tells `apologyOver`. */
  apologise(pcm: Int16Array): void;
  /** Rings somebody; tells `handOverFailed` when nobody was reached. */
  handOver(step: TransferStep): void;
  close(): void;
};

/** What it works with. */
export type FailureHandlingParts = {
  readonly route: CallRoute;
  readonly announcements: AnnouncementStore;
  readonly record: CallRecord;
  readonly clock: Clock;
  readonly log: Log;
};

/** One call's failures. */
export type FailureHandling = {
  /** Told at every tick whether the caller waits for us. */
  tick(wait: CallerWait | null, atMs: number): void;
  /** A try failed and another follows. */
  tryFailed(error: unknown): void;
  /** No try is left, and nothing is under way any more. */
  gaveUp(error: unknown): void;
  apologyOver(): void;
  /** Nobody was reached. False when this was no hand-over of ours: the agent then goes on. */
  handOverFailed(): boolean;
};

export function openFailureHandling(parts: FailureHandlingParts, deeds: FailureDeeds): FailureHandling {
  const { announcements, record, clock, log } = parts;
  const { agent } = parts.route;
  const destination = fallbackDestination(agent, parts.route);
  let state: FailureState = steady;
  const step = (event: FailureEvent): void => {
    const before = state;
    const { state: after, action } = stepFailure(before, event);
    state = after;
    if (before.kind !== after.kind) noteTransition(record, { before, after, atMs: event.atMs });
    if (action !== null) act(action, event.atMs);
  };
  const act = (action: FailureAction, atMs: number): void => {
    switch (action) {
      case 'play_filler':
        // A few words in the caller's language, else two soft tones: no model is asked.
        record.note('filler_played', { component: componentIn(state) });
        return deeds.fill(announcements.find('filler', agent.language) ?? waitingTone());
      case 'give_up':
        return deeds.giveUp(neverCame(state, atMs));
      case 'apologise': {
        const pcm = announcements.find('apology', agent.language);
        return pcm === null ? apologyOver() : deeds.apologise(pcm);
      }
      case 'hand_over':
        return destination === null
          ? deeds.close()
          : deeds.handOver({ kind: 'transfer', destination, ringMs: HAND_OVER_RING_MS, requiresKey: false, brief: null });
      case 'close':
        return deeds.close();
    }
  };
  const apologyOver = (): void => step({ kind: 'apology_over', canHandOver: destination !== null, atMs: clock.nowMs() });
  return {
    tick: (wait, atMs) => step(wait === null ? { kind: 'relieved', atMs } : { kind: 'waiting', ...wait, atMs }),
    tryFailed: (error) => record.note('model_retried', { component: componentOf(error), error: messageOf(error) }),
    gaveUp(error) {
      const component = componentOf(error);
      log.warn({ err: error, component }, 'a model failed beyond its retries, the caller hears an apology');
      record.note('model_failed', { component, error: messageOf(error) });
      step({ kind: 'gave_up', component, atMs: clock.nowMs() });
    },
    apologyOver,
    handOverFailed() {
      const isOurs = state.kind === 'handing_over';
      step({ kind: 'hand_over_failed', atMs: clock.nowMs() });
      return isOurs;
    },
  };
}

function noteTransition(record: CallRecord, { before, after, atMs }: { before: FailureState; after: FailureState; atMs: number }): void {
  const afterMs = 'sinceMs' in before ? Math.round(atMs - before.sinceMs) : null;
  record.note('failure_state', { from: before.kind, to: after.kind, component: componentIn(after) ?? componentIn(before), afterMs });
}

function componentIn(state: FailureState): FailedComponent | null {
  return 'component' in state ? state.component : null;
}

function neverCame(state: FailureState, atMs: number): InferenceError {
  const [role, waitedMs] = state.kind === 'bridging' ? [state.component, atMs - state.sinceMs] : (['speech_to_text', 0] as const);
  return new InferenceError({ role, message: `the caller waited ${Math.round(waitedMs)} ms for ${role}`, isRetryable: false });
}

/** Where the flow sends whom it does not understand, when that is a person; else the organization's own. */
function fallbackDestination({ flow }: AgentProfile, { overload }: CallRoute): string | null {
  const node = flow.nodes.find(({ name }) => name === flow.notUnderstood.goTo);
  return node?.action.kind === 'transfer' ? node.action.destination : (overload?.destination ?? null);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
