import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { PreparedTurn, TurnResult } from '#dialog/dialog.ts';
import { InferenceError } from '#ports/inference-error.ts';
import { openManualClock, STEP_MS } from '#ports/testing/manual-clock.ts';
import { openScriptedTextToSpeech, sampleOf } from '#ports/testing/scripted-text-to-speech.ts';
import type { ScriptedVoice } from '#ports/testing/scripted-text-to-speech.ts';
import { newId } from '#shared/id.ts';
import { RETRY_WAITS_MS } from './failure-policy.ts';
import { FIRST_SOUND_TIMEOUT_MS } from './limits.ts';
import { Reply } from './reply.ts';

const RESULT: TurnResult = { state: { node: 'n', slots: {}, misses: 0, history: [] }, nextStep: { kind: 'end_call' }, notes: [] };
const RETRY_MS = RETRY_WAITS_MS.reduce((sum, ms) => sum + ms, 0);
const SENTENCES = ['First sentence. ', 'Second sentence. ', 'Third one.'];

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** What was asked of the source of the words. */
type Words = { asked: number; isClosed: boolean };

function open(options: { voice?: Partial<ScriptedVoice>; failsAfter?: number } = {}) {
  const clock = openManualClock();
  clock.onStep(() => vi.advanceTimersByTime(STEP_MS));
  const textToSpeech = openScriptedTextToSpeech(options.voice);
  const words: Words = { asked: 0, isClosed: false };
  const result = Promise.withResolvers<TurnResult>();
  result.promise.catch(() => {});
  async function* deltas(): AsyncGenerator<string> {
    try {
      for (const text of SENTENCES) {
        if (words.asked === options.failsAfter) throw new InferenceError({ role: 'language_model', message: 'broke', isRetryable: false });
        words.asked += 1;
        yield text;
      }
      result.resolve(RESULT);
    } catch (error) {
      result.reject(error as Error);
      throw error;
    } finally {
      words.isClosed = true;
    }
  }
  const prepared: PreparedTurn = { textDeltas: deltas(), result: result.promise };
  const call = new AbortController();
  const agent = { language: 'en', voice: 'ana', speed: 1 };
  const turn = { isCommitted: false };
  const prepare = ({ committed }: { committed: Promise<void> }): PreparedTurn => {
    void committed.then(() => (turn.isCommitted = true));
    return prepared;
  };
  const reply = new Reply({ replyId: newId('reply'), prepare, textToSpeech, agent, clock, signal: call.signal, onTryFailed() {} });
  return { clock, textToSpeech, words, reply, call, turn };
}

it('speaks only its first sentence until it is released', async () => {
  const { clock, textToSpeech, reply } = open();
  await clock.run(500);
  expect(textToSpeech.requests.map((request) => request.text)).toEqual(['First sentence.']);
  expect(reply.state.kind).toBe('making');
  expect(reply.turnResult).toBeNull();
  reply.release();
  await clock.run(50);
  expect(textToSpeech.requests.map((request) => request.text)).toEqual(SENTENCES.map((text) => text.trim()));
  expect(reply.state.kind).toBe('made');
  expect(reply.turnResult).toBe(RESULT);
  expect(reply.text).toBe(SENTENCES.join(''));
});

it('reads as one sound across its sentences, from any sample', async () => {
  const { clock, reply } = open();
  reply.release();
  await clock.run(50);
  const [first, second] = reply.pieces;
  const whole = new Int16Array(100_000);
  const length = reply.read(0, whole);
  expect(length).toBe(reply.pieces.reduce((sum, piece) => sum + piece.samples, 0));
  expect(whole[0]).toBe(sampleOf({ text: first?.text ?? '', voice: 'ana' }));
  expect(whole[first?.samples ?? 0]).toBe(sampleOf({ text: second?.text ?? '', voice: 'ana' }));
  for (const from of [0, 1, 319, 1_599, 1_600, 11_999, 12_000, 12_001, length - 1]) {
    const part = new Int16Array(3_840);
    const read = reply.read(from, part);
    expect(read).toBe(Math.min(3_840, length - from));
    expect(part.subarray(0, read)).toEqual(whole.subarray(from, from + read));
  }
  expect(reply.read(length, new Int16Array(10))).toBe(0);
});

it('an abort stops the voice and the words, and what was made stays readable', async () => {
  const { clock, textToSpeech, words, reply } = open({ voice: { nextAfterMs: 100 } });
  reply.release();
  await clock.run(150);
  reply.abort();
  await clock.run(50);
  expect(textToSpeech.open()).toBe(0);
  expect(words).toEqual({ asked: 1, isClosed: true });
  expect(reply.state.kind).toBe('making');
  expect(reply.read(0, new Int16Array(10_000))).toBeGreaterThan(0);
});

it('the end of the call closes the words of a reply that was never released', async () => {
  const { clock, words, call } = open();
  await clock.run(50);
  expect(words.isClosed).toBe(false);
  call.abort();
  await clock.run(50);
  expect(words.isClosed).toBe(true);
});

it('fails when the words fail, and keeps what was said', async () => {
  const { clock, reply } = open({ failsAfter: 2 });
  reply.release();
  await clock.run(50);
  expect(reply.state).toMatchObject({ kind: 'failed', error: { role: 'language_model' } });
  expect(reply.turnResult).toBeNull();
  expect(reply.text).toBe('First sentence. Second sentence.');
});

it('tries a sentence twice more, and then gives it up', async () => {
  const retryable = { isRetryable: true, afterChunks: 0 };
  const twice = open({ voice: { failures: [retryable, retryable] } });
  twice.reply.release();
  await twice.clock.run(RETRY_MS + 50);
  expect(twice.reply.state.kind).toBe('made');
  const thrice = open({ voice: { failures: [retryable, retryable, retryable] } });
  await thrice.clock.run(RETRY_MS + 50);
  expect(thrice.reply.state).toMatchObject({ kind: 'failed', error: { role: 'text_to_speech' } });
});

it('asks again for a sentence that broke off, and goes on where it broke', async () => {
  const { clock, reply, textToSpeech } = open({ voice: { failures: [{ isRetryable: true, afterChunks: 2 }] } });
  reply.release();
  await clock.run(100);
  expect(reply.isRetrying).toBe(true);
  await clock.run(RETRY_MS);
  expect(reply.state.kind).toBe('made');
  expect(reply.isRetrying).toBe(false);
  expect(textToSpeech.requests).toHaveLength(SENTENCES.length + 1);
  // 50 ms a character, and nothing of it twice.
  const characters = SENTENCES.reduce((sum, text) => sum + text.trim().length, 0);
  expect(reply.pieces.reduce((sum, { samples }) => sum + samples, 0)).toBe(characters * 800);
});

it('does not try again when trying again is useless', async () => {
  const { clock, reply, textToSpeech } = open({ voice: { failures: [{ isRetryable: false, afterChunks: 0 }] } });
  await clock.run(50);
  expect(reply.state.kind).toBe('failed');
  expect(textToSpeech.requests).toHaveLength(1);
});

it('gives a voice up that makes no sound in time, three times', async () => {
  const { clock, reply, textToSpeech } = open({ voice: { firstAfterMs: 60_000 } });
  await clock.run(FIRST_SOUND_TIMEOUT_MS - 100);
  expect(textToSpeech.requests).toHaveLength(1);
  await clock.run(2 * FIRST_SOUND_TIMEOUT_MS + RETRY_MS + 200);
  expect(textToSpeech.requests).toHaveLength(3);
  expect(reply.state).toMatchObject({ kind: 'failed', error: { message: `no sound within ${FIRST_SOUND_TIMEOUT_MS} ms` } });
  expect(textToSpeech.open()).toBe(0);
});

it('notes when words and sound began', async () => {
  const { clock, reply } = open({ voice: { firstAfterMs: 80 } });
  await clock.run(200);
  expect(reply.times).toEqual({ startedAtMs: 1_000, firstTextAtMs: 1_000, firstSoundAtMs: 1_080 });
});

it('a reply that is made leaves nothing on the signal of its call', async () => {
  const join = vi.spyOn(AbortSignal, 'any');
  const { clock, reply } = open();
  const joined = join.mock.results[0]?.value as AbortSignal;
  join.mockRestore();
  expect(getEventListeners(joined, 'abort')).not.toEqual([]);
  reply.release();
  await clock.run(50);
  expect(reply.state.kind).toBe('made');
  expect(getEventListeners(joined, 'abort')).toEqual([]);
});

it('commits its turn when it is released, not when it is thrown away or the call ends', async () => {
  const released = open();
  await released.clock.run(50);
  expect(released.turn.isCommitted).toBe(false);
  released.reply.release();
  await released.clock.run(50);
  expect(released.turn.isCommitted).toBe(true);
  for (const end of ['reply', 'call'] as const) {
    const thrown = open();
    if (end === 'reply') thrown.reply.abort();
    else thrown.call.abort();
    thrown.reply.release();
    await thrown.clock.run(50);
    expect(thrown.turn.isCommitted).toBe(false);
  }
});
