import { expect, it } from 'vitest';
import { InferenceError } from '#ports/inference-error.ts';
import { openScriptedSpeechToText } from '#ports/testing/scripted-speech-to-text.ts';
import { openScriptedTextToSpeech } from '#ports/testing/scripted-text-to-speech.ts';
import { openBreaker } from '#shared/breaker.ts';
import { guardedSpeechToText, guardedTextToSpeech } from './guarded-speech.ts';
import { withSpeechCache } from './speech-cache.ts';

const speech = { text: 'One moment.', language: 'en', voice: '', speed: 1 };
const utterance = { pcm: new Int16Array(320), language: 'en', hints: [] };
const clock = { nowMs: () => 0, wallAt: () => new Date(0) };
const open = () => openBreaker({ clock, limits: { windowMs: 1_000, failures: 2, restMs: 1_000 } });
const { signal } = new AbortController();

async function samplesOf(sound: AsyncIterable<Int16Array>): Promise<number> {
  let samples = 0;
  for await (const chunk of sound) samples += chunk.length;
  return samples;
}

it('hearing that fails rests, and says that a try may be made again', async () => {
  const engine = openScriptedSpeechToText([{ fails: 'final' }, { fails: 'final' }, { says: 'never asked' }]);
  const guarded = guardedSpeechToText(engine, open());
  for (let count = 0; count < 2; count += 1) await expect(guarded.transcribe(utterance, { signal })).rejects.toThrow('scripted failure');
  await expect(guarded.transcribe(utterance, { signal })).rejects.toMatchObject({ name: 'InferenceError', isRetryable: true });
  expect(engine.requests).toHaveLength(2);
});

it('a hang-up blames nobody, a deadline blames the engine', async () => {
  for (const [reason, state] of [
    [new Error('the caller hung up'), 'closed'],
    [new InferenceError({ role: 'speech_to_text', message: 'late', isRetryable: true }), 'open'],
  ] as const) {
    const breaker = open();
    const guarded = guardedSpeechToText(
      openScriptedSpeechToText([
        { says: '', afterMs: 60_000 },
        { says: '', afterMs: 60_000 },
      ]),
      breaker,
    );
    for (let count = 0; count < 2; count += 1) {
      const aborter = new AbortController();
      const asked = guarded.transcribe(utterance, { signal: aborter.signal });
      aborter.abort(reason);
      await expect(asked).rejects.toThrow('cancelled');
    }
    expect(breaker.state()).toBe(state);
  }
});

it('a voice that rests still says what it has in store', async () => {
  const engine = openScriptedTextToSpeech();
  const cached = withSpeechCache(engine);
  const breaker = open();
  const guarded = guardedTextToSpeech(cached, breaker);
  const whole = await samplesOf(guarded.synthesize(speech, { signal }));
  await samplesOf(guarded.synthesize(speech, { signal }));
  breaker.end('failed');
  breaker.end('failed');
  expect(breaker.state()).toBe('open');
  expect(await samplesOf(guarded.synthesize(speech, { signal }))).toBe(whole);
  await expect(samplesOf(guarded.synthesize({ ...speech, text: 'New.' }, { signal }))).rejects.toMatchObject({ isRetryable: true });
  expect(engine.requests).toHaveLength(2);
});
