import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openDialog } from '#dialog/agent-turn.ts';
import { openManualClock, STEP_MS } from '#ports/testing/manual-clock.ts';
import { openScriptedSpeechToText } from '#ports/testing/scripted-speech-to-text.ts';
import type { ScriptedTranscript } from '#ports/testing/scripted-speech-to-text.ts';
import { openScriptedTextToSpeech } from '#ports/testing/scripted-text-to-speech.ts';
import { RETRY_WAITS_MS } from './failure-policy.ts';
import { startGuess } from './guess.ts';
import { clinicAgent, PROMPTS } from './testing/clinic-agent.ts';

const RETRY_MS = RETRY_WAITS_MS.reduce((sum, ms) => sum + ms, 0);

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

function open(answers: readonly ScriptedTranscript[]) {
  const clock = openManualClock();
  clock.onStep(() => vi.advanceTimersByTime(STEP_MS));
  const speechToText = openScriptedSpeechToText(answers);
  const textToSpeech = openScriptedTextToSpeech();
  const agent = clinicAgent();
  const dialog = openDialog(agent, { languageModel: null });
  const call = new AbortController();
  const parts = { speechToText, textToSpeech, dialog, agent, clock, signal: call.signal, onTryFailed() {} };
  const from = { ...dialog.open(), node: 'more' };
  const guess = startGuess(parts, { pcm: new Int16Array(16_000), startedAtMs: 0, endedAtMs: 1_000, from });
  return { clock, speechToText, textToSpeech, guess, call, from };
}

it('understands, measures the time of it, and makes the first sentence of the answer', async () => {
  const { clock, guess, textToSpeech } = open([{ says: 'opening hours', afterMs: 120 }]);
  await clock.run(300);
  const { transcript, speechToTextMs, reply } = await guess.ready;
  expect(transcript.text).toBe('opening hours');
  expect(speechToTextMs).toBe(120);
  expect(reply.text).toBe(PROMPTS.hours);
  expect(textToSpeech.requests.map((request) => request.text)).toEqual([PROMPTS.hours]);
});

it('leaves the conversation that it answers as it was', async () => {
  const { clock, guess, from } = open([{ says: 'opening hours' }]);
  const before = structuredClone(from);
  await clock.run(50);
  await guess.ready;
  expect(from).toEqual(before);
});

it('tries twice more after a failure that may pass, and only then', async () => {
  const failing = { fails: 'retryable' } as const;
  const passing = open([failing, failing, { says: 'opening hours' }]);
  await passing.clock.run(50);
  expect(passing.guess.isRetrying()).toBe(true);
  await passing.clock.run(RETRY_MS);
  expect((await passing.guess.ready).transcript.text).toBe('opening hours');
  const lasting = open([{ fails: 'final' }, { says: 'opening hours' }]);
  await expect(lasting.guess.ready).rejects.toMatchObject({ role: 'speech_to_text' });
  expect(lasting.speechToText.requests).toHaveLength(1);
  expect(lasting.guess.isRetrying()).toBe(false);
  const thrice = open([failing, failing, failing, { says: 'late' }]);
  await thrice.clock.run(RETRY_MS + 50);
  await expect(thrice.guess.ready).rejects.toMatchObject({ role: 'speech_to_text' });
});

it('an abort, or the end of the call, cancels the request and speaks nothing', async () => {
  for (const end of ['guess', 'call'] as const) {
    const { clock, guess, call, speechToText, textToSpeech } = open([{ says: 'opening hours', afterMs: 200 }]);
    await clock.run(50);
    if (end === 'guess') guess.abort();
    else call.abort();
    await clock.run(500);
    await expect(guess.ready).rejects.toThrow('cancelled');
    expect(speechToText.aborted()).toBe(1);
    expect(textToSpeech.requests).toHaveLength(0);
  }
});
