import { describe, expect, it } from 'vitest';
import { InferenceError } from '#ports/inference-error.ts';
import {
  BRIDGE_LIMIT_MS,
  componentOf,
  FILLER_EVERY_MS,
  RETRY_WAITS_MS,
  retryWaitMs,
  STALL_MS,
  steady,
  stepFailure,
} from './failure-policy.ts';
import type { FailureAction, FailureEvent, FailureState } from './failure-policy.ts';

const waiting = (atMs: number, changes: { sinceMs?: number; isFailing?: boolean } = {}): FailureEvent => ({
  kind: 'waiting',
  component: 'speech_to_text',
  sinceMs: 0,
  isFailing: false,
  atMs,
  ...changes,
});
const gaveUp = (atMs: number): FailureEvent => ({ kind: 'gave_up', component: 'text_to_speech', atMs });
const apologyOver = (atMs: number, canHandOver: boolean): FailureEvent => ({ kind: 'apology_over', canHandOver, atMs });
const relieved = (atMs: number): FailureEvent => ({ kind: 'relieved', atMs });
const handOverFailed = (atMs: number): FailureEvent => ({ kind: 'hand_over_failed', atMs });

/** Every state's kind and every action, in order. */
function run(
  events: readonly FailureEvent[],
  from: FailureState = steady,
): { kinds: string[]; actions: (FailureAction | null)[]; state: FailureState } {
  let state = from;
  const kinds: string[] = [];
  const actions: (FailureAction | null)[] = [];
  for (const event of events) {
    const step = stepFailure(state, event);
    state = step.state;
    kinds.push(state.kind);
    actions.push(step.action);
  }
  return { kinds, actions, state };
}

describe('failure policy', () => {
  it('fills the wait for a try that failed at once, and a wait that is only long after its limit', () => {
    expect(run([waiting(10, { isFailing: true })])).toMatchObject({ kinds: ['bridging'], actions: ['play_filler'] });
    expect(run([waiting(STALL_MS - 1), waiting(STALL_MS)])).toMatchObject({
      kinds: ['steady', 'bridging'],
      actions: [null, 'play_filler'],
    });
  });

  it('fills a wait that goes on again and again, and gives up at its limit', () => {
    const from = 100;
    const { actions, kinds } = run([
      waiting(from, { isFailing: true }),
      waiting(from + FILLER_EVERY_MS - 1),
      waiting(from + FILLER_EVERY_MS),
      waiting(from + FILLER_EVERY_MS + 1),
      waiting(from + BRIDGE_LIMIT_MS),
      gaveUp(from + BRIDGE_LIMIT_MS),
    ]);
    expect(actions).toEqual(['play_filler', null, 'play_filler', null, 'give_up', 'apologise']);
    expect(kinds.at(-1)).toBe('apologising');
  });

  it('is steady again when the agent is heard, and fills the next wait anew', () => {
    const { kinds, actions } = run([
      waiting(10, { isFailing: true }),
      relieved(500),
      relieved(510),
      waiting(520, { sinceMs: 515 }),
      waiting(530, { sinceMs: 515, isFailing: true }),
    ]);
    expect(kinds).toEqual(['bridging', 'steady', 'steady', 'steady', 'bridging']);
    expect(actions).toEqual(['play_filler', null, null, null, 'play_filler']);
  });

  it('apologises at once for what cannot be tried again, then hands over or closes', () => {
    expect(run([gaveUp(5), apologyOver(900, true), handOverFailed(30_900)])).toMatchObject({
      kinds: ['apologising', 'handing_over', 'closing'],
      actions: ['apologise', 'hand_over', 'close'],
      state: { component: 'text_to_speech', sinceMs: 30_900 },
    });
    expect(run([gaveUp(5), apologyOver(900, false)])).toMatchObject({ kinds: ['apologising', 'closing'], actions: ['apologise', 'close'] });
  });

  it('knows of each state since when it holds', () => {
    const { state } = run([waiting(40, { isFailing: true })]);
    expect(state).toEqual({ kind: 'bridging', component: 'speech_to_text', sinceMs: 40, fillerAtMs: 40 });
    expect(run([gaveUp(70)], state).state).toEqual({ kind: 'apologising', component: 'text_to_speech', sinceMs: 70 });
    expect(run([gaveUp(70), apologyOver(80, true)], state).state).toMatchObject({ kind: 'handing_over', sinceMs: 80 });
  });

  it('is moved by no event that comes too late', () => {
    const apologising = run([gaveUp(5)]).state;
    const handingOver = run([apologyOver(9, true)], apologising).state;
    const closing = run([apologyOver(9, false)], apologising).state;
    const late: Record<string, readonly [FailureState, readonly FailureEvent[]]> = {
      steady: [steady, [relieved(1), apologyOver(1, true), handOverFailed(1)]],
      bridging: [run([waiting(10, { isFailing: true })]).state, [apologyOver(11, true), handOverFailed(11)]],
      apologising: [apologising, [waiting(99_999), relieved(6), gaveUp(6), handOverFailed(6)]],
      handing_over: [handingOver, [waiting(99_999), relieved(10), gaveUp(10), apologyOver(10, false)]],
      closing: [closing, [waiting(99_999), relieved(10), gaveUp(10), apologyOver(10, true), handOverFailed(10)]],
    };
    for (const [kind, [state, events]] of Object.entries(late)) {
      for (const event of events)
        expect([kind, event.kind, stepFailure(state, event)]).toEqual([kind, event.kind, { state, action: null }]);
    }
  });

  it('tries twice more, and no third time', () => {
    expect([1, 2, 3].map(retryWaitMs)).toEqual([...RETRY_WAITS_MS, null]);
    expect(RETRY_WAITS_MS).toHaveLength(2);
  });

  it('blames the model that failed, and the configuration for everything else', () => {
    const error = new InferenceError({ role: 'language_model', message: 'x', isRetryable: true });
    expect([componentOf(error), componentOf(new TypeError('x')), componentOf('x')]).toEqual([
      'language_model',
      'configuration',
      'configuration',
    ]);
  });
});
