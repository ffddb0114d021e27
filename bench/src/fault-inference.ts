/** Faults of the models: not there, dying, frozen, slow, broken off, talking nonsense, out of memory. */
import { setTimeout as sleep } from 'node:timers/promises';
import { callersOwnEnd, fault, must } from './fault.ts';
import type { Fault } from './fault.ts';
import { callUp, converse, endedAs, greeted, heard, hungUp, noted, quiet, say } from './fault-talk.ts';

/** A caller never hears nothing for longer, from his last word on: the pause that ends his turn, and 800 ms; the rest is what a busy machine takes. */
const FILLED_MS = 500 + 800 + 1_200;
/** The caller's sentences last about two seconds: the models are away from the end of one to the tries for its answer. */
const BEFORE_THE_END_MS = 1_200;
const RESOURCE_EXHAUSTED = 8;
const INTERNAL = 13;
const failed = /^centralita_(failures|fallbacks)_total/;
const retried = /model_retried|filler_played|model_failed|failure_state/;

const away: Fault[] = [
  fault({
    name: 'models-down-at-call-start',
    row: 1,
    fault: 'the inference server is not there when a call comes',
    injection: 'SIGKILL of the models, then a call',
    expected: 'not ready, and the reason; the caller hears something and the apology; the call is closed as failed',
    metric: failed,
    cause: /a model failed beyond its retries/,
    async inject(world, trial) {
      await world.models.kill();
      await trial.until('not ready because of the models', async () => {
        const { status, text } = await world.ask('/health/ready');
        return status === 503 && text.includes('speech_models');
      });
      const call = await callUp(world, trial, 'modelsDown');
      await heard(call, call.startedAt);
      // A greeting may be remembered from an earlier call; what is said to it is not.
      if (call.state === 'answered') await say(world, call).catch(() => 0);
      await hungUp(call, 40_000);
    },
    expect: (_world, trial) => endedAs(trial, 'failed'),
  }),
  fault({
    name: 'models-killed-mid-call',
    row: 2,
    fault: 'the inference server dies in a call',
    injection: 'SIGKILL of the models before the caller’s second turn',
    expected: 'a sound within 800 ms of the turn’s end, two more tries, the apology, a closed call',
    metric: /^centralita_failures_total/,
    cause: /a model failed beyond its retries/,
    async inject(world, trial) {
      const call = await greeted(world, trial, 'modelsKilled');
      await converse(world, call);
      await world.models.kill();
      const saidAt = await say(world, call, 1);
      return { call, afterMs: await heard(call, saidAt) };
    },
    async expect(_world, trial, { call, afterMs }) {
      must(afterMs <= FILLED_MS, `the caller heard nothing for ${afterMs.toFixed(0)} ms`);
      await hungUp(call, 40_000);
      await endedAs(trial, 'failed');
      await noted(trial, 'filler_played');
      await noted(trial, 'failure_state', /apologising/);
    },
  }),
  fault({
    name: 'models-come-back-mid-turn',
    row: 2,
    fault: 'the inference server is restarted by its supervisor',
    injection: 'SIGKILL of the models in the caller’s sentence, started again at once',
    expected: 'the turn is answered, the call goes on',
    metric: failed,
    cause: retried,
    async inject(world, trial) {
      const call = await greeted(world, trial, 'modelsBack');
      const saying = say(world, call);
      await sleep(BEFORE_THE_END_MS);
      await world.models.kill();
      const starting = world.models.start();
      const saidAt = await saying;
      await starting;
      await heard(call, saidAt);
      await quiet(call, saidAt);
      return call;
    },
    async expect(world, _trial, call) {
      await sleep(1_500);
      must(call.state === 'answered', `the call is ${call.state}`);
      await converse(world, call, 1);
    },
  }),
  fault({
    name: 'models-frozen',
    row: 2,
    fault: 'the inference server hangs with its connections open',
    injection: 'SIGSTOP for 3 s in the caller’s turn',
    expected: 'the wait is filled, the turn is answered once it goes on',
    metric: /^centralita_(fallbacks_total|call_notes_total\{name="filler_played"\})/,
    cause: retried,
    async inject(world, trial) {
      const call = await greeted(world, trial, 'modelsFrozen');
      world.models.freeze();
      const saidAt = await say(world, call);
      await sleep(3_000);
      world.models.thaw();
      return { call, afterMs: await heard(call, saidAt) };
    },
    async expect(world, _trial, { call, afterMs }) {
      // A wait that is no failure yet is filled 1.2 s after the turn became ours.
      must(afterMs <= 3_000, `the caller heard nothing for ${afterMs.toFixed(0)} ms`);
      await sleep(3_000);
      must(call.state === 'answered', `the call is ${call.state}`);
      await converse(world, call, 1);
    },
  }),
];

/** One misbehaviour for one or two requests, in a call that must go on. */
function hiccup(row: {
  name: string;
  row: number;
  fault: string;
  injection: string;
  agent: Parameters<typeof greeted>[2];
  role: Parameters<Parameters<Fault['run']>[0]['models']['misbehave']>[0];
  misbehaviour: Parameters<Parameters<Fault['run']>[0]['models']['misbehave']>[1];
  times: number;
  silenceMs?: number;
  metric?: RegExp;
  cause?: RegExp;
}): Fault {
  const { agent, role, misbehaviour, times, silenceMs = 3_500, metric = failed, cause = retried, ...described } = row;
  return fault({
    ...described,
    expected: 'never a long silence, the turn is answered or filled, and the call goes on',
    metric,
    cause,
    async inject(world, trial) {
      const call = await greeted(world, trial, agent);
      await world.models.misbehave(role, misbehaviour, times);
      const saidAt = await say(world, call);
      const afterMs = await heard(call, saidAt);
      await quiet(call, saidAt);
      return { call, afterMs };
    },
    async expect(world, _trial, { call, afterMs }) {
      must(afterMs <= silenceMs, `the caller heard nothing for ${afterMs.toFixed(0)} ms`);
      await sleep(2_000);
      must(call.state === 'answered', `the call is ${call.state}`);
      await world.models.behave();
      await converse(world, call, 1);
    },
  });
}

const hiccups: Fault[] = [
  hiccup({
    name: 'hearing-slow',
    row: 3,
    fault: 'speech to text takes too long',
    injection: 'an answer after 4 s, once',
    agent: 'hearing',
    role: 'speech_to_text',
    misbehaviour: { kind: 'late', ms: 4_000 },
    times: 1,
  }),
  hiccup({
    name: 'hearing-empty',
    row: 4,
    fault: 'speech to text understands nothing',
    injection: 'empty texts for two sentences',
    agent: 'hearing',
    role: 'speech_to_text',
    misbehaviour: { kind: 'say', texts: [''] },
    times: 4,
    metric: /^centralita_call_notes_total\{name="not_understood"\}/,
    cause: /"note":"not_understood"/,
  }),
  hiccup({
    name: 'hearing-garbage',
    row: 4,
    fault: 'speech to text writes nonsense',
    injection: '4 kB of control characters, surrogates and markup',
    agent: 'hearing',
    role: 'speech_to_text',
    misbehaviour: { kind: 'say', texts: [`\u0007\u001b[31m<|im_end|>\u202e${'\u{1f4a9}ñ<b>'.repeat(400)}`] },
    times: 2,
    metric: callersOwnEnd.metric,
    cause: /"turn":"caller","text":".*ñ<b>/,
  }),
  hiccup({
    name: 'voice-breaks-off',
    row: 5,
    fault: 'text to speech ends in the middle of a sentence',
    injection: 'the stream fails after its first half second, once',
    agent: 'voice',
    role: 'text_to_speech',
    misbehaviour: { kind: 'break', afterParts: 1, code: INTERNAL, words: 'the decoder failed' },
    times: 1,
  }),
  hiccup({
    name: 'voice-never-begins',
    row: 5,
    fault: 'text to speech takes a sentence and says nothing',
    injection: 'no sound for one request',
    agent: 'voice',
    role: 'text_to_speech',
    misbehaviour: { kind: 'stall', afterParts: 0 },
    times: 1,
  }),
  hiccup({
    name: 'words-never-begin',
    row: 6,
    fault: 'the language model does not answer',
    injection: 'no token for three requests: a turn is prepared in the caller’s pause, and asked once more',
    agent: 'words',
    role: 'language_model',
    misbehaviour: { kind: 'stall', afterParts: 0 },
    times: 3,
  }),
  hiccup({
    name: 'words-stall',
    row: 6,
    fault: 'the language model stops after its first token',
    injection: 'one token, then nothing',
    agent: 'wordsCut',
    role: 'language_model',
    misbehaviour: { kind: 'stall', afterParts: 1 },
    times: 1,
    silenceMs: 5_000,
  }),
  hiccup({
    name: 'words-break-off',
    row: 6,
    fault: 'the language model’s stream breaks',
    injection: 'an error after two tokens, for three requests',
    agent: 'wordsCut',
    role: 'language_model',
    misbehaviour: { kind: 'break', afterParts: 2, code: INTERNAL, words: 'the engine died' },
    times: 3,
  }),
  hiccup({
    name: 'words-empty',
    row: 6,
    fault: 'the language model writes nothing',
    injection: 'empty answers, twice',
    agent: 'wordsNone',
    role: 'language_model',
    misbehaviour: { kind: 'say', texts: [''] },
    times: 2,
  }),
  hiccup({
    name: 'gpu-out-of-memory',
    row: 10,
    fault: 'the GPU has no memory left',
    injection: 'RESOURCE_EXHAUSTED from speech to text, once',
    agent: 'memory',
    role: 'speech_to_text',
    misbehaviour: { kind: 'break', afterParts: 0, code: RESOURCE_EXHAUSTED, words: 'CUDA out of memory' },
    times: 1,
  }),
];

export const inferenceFaults: readonly Fault[] = [...away, ...hiccups];
