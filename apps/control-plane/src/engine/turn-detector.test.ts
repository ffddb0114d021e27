import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ECHO_GUARD_MS, MAX_UTTERANCE_MS } from './limits.ts';
import { initialDetectorState, stepDetector } from './turn-detector.ts';
import type { DetectorEvent, DetectorInput, DetectorSettings } from './turn-detector.ts';

const settings: DetectorSettings = { candidatePauseMs: 250, commitPauseMs: 500, bargeIn: true, bargeInSpeechMs: 300 };

function detect(inputs: readonly DetectorInput[], options: Partial<DetectorSettings> = {}): DetectorEvent[] {
  let state = initialDetectorState;
  return inputs.flatMap((input) => {
    const step = stepDetector(state, input, { ...settings, ...options });
    state = step.state;
    return step.events;
  });
}

/** Windows of one probability from `fromMs` to `toMs`, one each 32 ms. */
function windows(fromMs: number, toMs: number, probability: number): DetectorInput[] {
  const count = Math.floor((toMs - fromMs) / 32);
  return Array.from({ length: count }, (_, i) => ({ kind: 'voice', probability, standsOut: false, atMs: fromMs + 32 * (i + 1) }));
}
/** The same of a sound far above the noise of its line. */
function standingOut(inputs: readonly DetectorInput[]): DetectorInput[] {
  return inputs.map((input) => (input.kind === 'voice' ? { ...input, standsOut: true } : input));
}
const kinds = (events: readonly DetectorEvent[]) => events.map((event) => event.kind);
const agentStarts: DetectorInput = { kind: 'agent_started', atMs: 0 };
const afterGuard = ECHO_GUARD_MS + 64;

it('an utterance starts, is a candidate after the short pause and ends after the long one, counted from the corrected end', () => {
  const events = detect([...windows(0, 640, 0.9), ...windows(640, 1_600, 0.1)]);
  expect(kinds(events)).toEqual(['speech_started', 'candidate', 'turn_ended']);
  expect(events[1]).toEqual({ kind: 'candidate', startedAtMs: 0, endedAtMs: 602 });
  const ended = events[2];
  expect(ended?.kind === 'turn_ended' && ended.atMs).toBeGreaterThanOrEqual(602 + 500);
  expect(ended?.kind === 'turn_ended' && ended.atMs).toBeLessThan(602 + 500 + 32);
});

it('time alone ends a turn when no window comes', () => {
  const events = detect([...windows(0, 640, 0.9), { kind: 'time', atMs: 860 }, { kind: 'time', atMs: 1_110 }]);
  expect(kinds(events)).toEqual(['speech_started', 'candidate', 'turn_ended']);
});

it('names the candidate even when time jumps over it', () => {
  expect(kinds(detect([...windows(0, 640, 0.9), { kind: 'time', atMs: 5_000 }]))).toEqual(['speech_started', 'candidate', 'turn_ended']);
});

it('a caller who goes on within the long pause takes the candidate back', () => {
  const events = detect([...windows(0, 640, 0.9), ...windows(640, 960, 0.1), ...windows(960, 1_280, 0.9), ...windows(1_280, 2_000, 0.1)]);
  expect(kinds(events)).toEqual(['speech_started', 'candidate', 'candidate_discarded', 'candidate', 'turn_ended']);
  expect(events.at(-1)).toMatchObject({ startedAtMs: 0 });
});

it('one window is no speech, and speech goes on at a probability that would not start it', () => {
  expect(detect([...windows(0, 32, 0.9), ...windows(32, 640, 0.1)])).toEqual([]);
  expect(kinds(detect([...windows(0, 64, 0.9), ...windows(64, 960, 0.4)]))).toEqual(['speech_started']);
  expect(detect(windows(0, 960, 0.4))).toEqual([]);
});

it('a short word of which the model is in doubt is speech where it stands out of its line', () => {
  const word = windows(0, 96, 0.25);
  const silence = windows(96, 960, 0.02);
  expect(kinds(detect([...standingOut(word), ...silence]))).toEqual(['speech_started', 'candidate', 'turn_ended']);
  expect(detect([...word, ...silence])).toEqual([]);
  expect(detect(standingOut(windows(0, 960, 0.15)))).toEqual([]);
});

it('no sound interrupts the agent because it stands out', () => {
  expect(detect([agentStarts, ...standingOut(windows(afterGuard, afterGuard + 960, 0.45))])).toEqual([]);
});

it('interrupts the agent only after enough voice', () => {
  const events = detect([agentStarts, ...windows(afterGuard, afterGuard + 960, 0.9)]);
  expect(kinds(events)).toEqual(['barge_in']);
  const [event] = events;
  expect(event?.kind === 'barge_in' && event.atMs - event.startedAtMs).toBeGreaterThanOrEqual(300);
  expect(event?.kind === 'barge_in' && event.atMs - event.startedAtMs).toBeLessThan(300 + 32);
});

it('speech shorter than that is a backchannel, and the agent keeps the floor', () => {
  const events = detect([agentStarts, ...windows(afterGuard, afterGuard + 224, 0.9), ...windows(afterGuard + 224, afterGuard + 960, 0.1)]);
  expect(events).toEqual([{ kind: 'backchannel', startedAtMs: afterGuard, voicedMs: 224 }]);
});

it('hears nothing in the first moments of the agent, nor what is too faint, nor anything when interruptions are off', () => {
  expect(detect([agentStarts, ...windows(0, ECHO_GUARD_MS, 0.99)])).toEqual([]);
  expect(detect([agentStarts, ...windows(afterGuard, afterGuard + 960, 0.6)])).toEqual([]);
  expect(detect([agentStarts, ...windows(afterGuard, afterGuard + 960, 0.99)], { bargeIn: false })).toEqual([]);
});

it('windows that arrive together after a stall make an utterance that does not end before it began', () => {
  const together: DetectorInput[] = Array.from({ length: 2 }, () => ({ kind: 'voice', probability: 0.9, standsOut: true, atMs: 1_000 }));
  const [, candidate] = detect([...together, { kind: 'time', atMs: 3_000 }]);
  expect(candidate).toEqual({ kind: 'candidate', startedAtMs: 968, endedAtMs: 968 });
});

it('forgets the speech in progress when told to', () => {
  expect(kinds(detect([...windows(0, 640, 0.9), { kind: 'reset', atMs: 650 }, { kind: 'time', atMs: 3_000 }]))).toEqual(['speech_started']);
});

it('ends an utterance that never pauses at the longest length', () => {
  const events = detect(windows(0, MAX_UTTERANCE_MS + 200, 0.9));
  expect(kinds(events).slice(0, 3)).toEqual(['speech_started', 'candidate', 'turn_ended']);
});

const inputs = fc
  .array(
    fc.record({
      gapMs: fc.oneof(fc.constant(32), fc.constant(10), fc.integer({ min: 0, max: 700 })),
      kind: fc.oneof(
        { weight: 8, arbitrary: fc.constant('voice' as const) },
        { weight: 2, arbitrary: fc.constantFrom('time' as const, 'agent_started' as const, 'agent_stopped' as const, 'reset' as const) },
      ),
      probability: fc.constantFrom(0.05, 0.4, 0.55, 0.95),
      standsOut: fc.boolean(),
      repeat: fc.integer({ min: 1, max: 25 }),
    }),
    { maxLength: 40 },
  )
  .map((steps) => {
    let atMs = 0;
    return steps.flatMap(({ gapMs, kind, probability, standsOut, repeat }): DetectorInput[] =>
      Array.from({ length: kind === 'voice' ? repeat : 1 }, () => {
        atMs += gapMs;
        return kind === 'voice' ? { kind, probability, standsOut, atMs } : { kind, atMs };
      }),
    );
  });
const anySettings = fc.record({
  candidatePauseMs: fc.integer({ min: 200, max: 300 }),
  commitPauseMs: fc.integer({ min: 300, max: 800 }),
  bargeIn: fc.boolean(),
  bargeInSpeechMs: fc.integer({ min: 200, max: 500 }),
});

/** What is wrong with a list of events; empty when nothing is. */
function faultsOf(events: readonly DetectorEvent[]): string[] {
  const faults: string[] = [];
  let hasSpeech = false;
  let hasCandidate = false;
  const must = (holds: boolean, fault: string): void => void (holds || faults.push(fault));
  for (const event of events) {
    switch (event.kind) {
      case 'speech_started':
      case 'barge_in':
        [hasSpeech, hasCandidate] = [true, false];
        break;
      case 'candidate':
        must(hasSpeech, 'a candidate without speech');
        must(!hasCandidate, 'a second candidate');
        must(event.endedAtMs >= event.startedAtMs, 'a candidate that ends before it began');
        hasCandidate = true;
        break;
      case 'candidate_discarded':
        must(hasCandidate, 'nothing to discard');
        hasCandidate = false;
        break;
      case 'turn_ended':
        must(hasSpeech && hasCandidate, 'an end without speech or candidate');
        must(event.endedAtMs >= event.startedAtMs && event.atMs >= event.endedAtMs, 'an end out of order');
        [hasSpeech, hasCandidate] = [false, false];
        break;
      case 'backchannel':
        must(event.voicedMs > 0, 'a backchannel without voice');
    }
  }
  return faults;
}

it('whatever comes: no turn ends without speech and a candidate before it, and nothing ends before it began', () => {
  fc.assert(
    fc.property(inputs, anySettings, (list, chosen) => {
      expect(faultsOf(detect(list, chosen))).toEqual([]);
    }),
  );
});

type Interruption = { kind: 'barge_in' | 'backchannel'; voicedMs: number; agentMs: number };

/** Interruptions and backchannels, each with how much voice it had and how long the agent had spoken. */
function interruptions(list: readonly DetectorInput[], chosen: DetectorSettings): Interruption[] {
  let state = initialDetectorState;
  return list.flatMap((input) => {
    const { agentSinceMs } = state;
    const step = stepDetector(state, input, chosen);
    state = step.state;
    return step.events.flatMap((event): Interruption[] => {
      if (event.kind === 'backchannel') return [{ kind: event.kind, voicedMs: event.voicedMs, agentMs: Number.POSITIVE_INFINITY }];
      if (event.kind !== 'barge_in') return [];
      const { startedAtMs, atMs } = event;
      const voiced = list.filter(
        (each) => each.kind === 'voice' && each.probability >= 0.5 && each.atMs > startedAtMs && each.atMs <= atMs,
      );
      return [{ kind: event.kind, voicedMs: voiced.length * 32, agentMs: atMs - (agentSinceMs ?? Number.POSITIVE_INFINITY) }];
    });
  });
}

it('whatever comes: an interruption has its voice before it, never inside the echo guard, never when it is off; what is shorter is a backchannel', () => {
  fc.assert(
    fc.property(inputs, anySettings, (list, chosen) => {
      const found = interruptions(list, chosen);
      expect(chosen.bargeIn ? [] : found).toEqual([]);
      expect(found.filter(({ kind, voicedMs }) => (kind === 'barge_in') !== voicedMs >= chosen.bargeInSpeechMs)).toEqual([]);
      expect(found.filter(({ agentMs }) => agentMs < ECHO_GUARD_MS)).toEqual([]);
    }),
  );
});

it('whatever comes: a recorded call replays to the same events, and no input is changed', () => {
  fc.assert(
    fc.property(inputs, anySettings, (list, chosen) => {
      const copy = structuredClone(list);
      expect(detect(list, chosen)).toEqual(detect(copy, chosen));
      expect(list).toEqual(copy);
    }),
  );
});
