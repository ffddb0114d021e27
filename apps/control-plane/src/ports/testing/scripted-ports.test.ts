// The scripted ports keep the contracts that the real adapters keep.
import { expect, it, vi } from 'vitest';
import { describeAudioTransport } from './audio-transport.contract.ts';
import { collected } from './collected.ts';
import { openManualClock, STEP_MS } from './manual-clock.ts';
import { openScriptedAudioTransport } from './scripted-audio-transport.ts';
import { openScriptedCallLeg } from './scripted-call-leg.ts';
import { openScriptedLanguageModel } from './scripted-language-model.ts';
import { openScriptedSpeechToText } from './scripted-speech-to-text.ts';
import { openScriptedTextToSpeech } from './scripted-text-to-speech.ts';
import { openScriptedVoiceActivity } from './scripted-voice-activity.ts';
import { describeSpeechToText } from './speech-to-text.contract.ts';
import { describeTextToSpeech } from './text-to-speech.contract.ts';
import { describeTransfer } from './transfer.contract.ts';
import { describeVoiceActivity } from './voice-activity.contract.ts';

const nothingToClose = { [Symbol.asyncDispose]: async () => {} };
const signal = new AbortController().signal;

describeAudioTransport('scripted', async (listener) => {
  const clock = openManualClock();
  const transport = openScriptedAudioTransport(clock, listener);
  return {
    transport,
    pass: (ms) => clock.run(ms),
    callerFrame: (sample) => transport.callerSends(sample),
    endLeg: () => transport.end('hung_up'),
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
});

describeTransfer('scripted', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const clock = openManualClock();
  clock.onStep(() => vi.advanceTimersByTime(STEP_MS));
  const leg = openScriptedCallLeg({ clock, transfer: 'by_hand' });
  return {
    leg,
    target: { organizationSlug: 'clinica', extension: '201' },
    rings: async () => Promise.resolve(leg.representative()),
    callerHangsUp: () => leg.callerHangsUp(),
    pass: (ms) => clock.run(ms),
    [Symbol.asyncDispose]: async () => {
      await leg.hangUp();
      vi.useRealTimers();
    },
  };
});

describeSpeechToText('scripted', async () => {
  const speechToText = openScriptedSpeechToText();
  let isBroken = false;
  return {
    ...nothingToClose,
    speechToText: {
      transcribe: async (utterance, options) => {
        speechToText.willAnswer(isBroken ? { fails: 'retryable' } : { says: 'good morning', afterMs: 5 });
        return await speechToText.transcribe(utterance, options);
      },
    },
    spoken: { utterance: { pcm: new Int16Array(16_000), language: 'en', hints: [] }, word: 'morning' },
    breakModel: () => void (isBroken = true),
  };
});

describeTextToSpeech('scripted', async () => {
  const textToSpeech = openScriptedTextToSpeech();
  return {
    ...nothingToClose,
    textToSpeech,
    breakModel: () => void textToSpeech.voice.failures.push({ isRetryable: true, afterChunks: 0 }),
  };
});

describeVoiceActivity('scripted', async () => ({
  ...nothingToClose,
  voiceActivity: openScriptedVoiceActivity(),
  speech: new Int16Array(16_000).fill(8_000),
  settled: async () => await new Promise<void>((resolve) => setImmediate(resolve)),
}));

it('the scripted model streams its answer, fails where told, and is cancelled', async () => {
  const model = openScriptedLanguageModel([
    { deltas: ['a', 'b'] },
    { deltas: ['a'], fails: 'retryable' },
    { deltas: ['a'], afterMs: 1_000 },
  ]);
  const request = { messages: [], maxOutputTokens: 10, temperature: 0 };
  const parts = await collected(model.stream(request, { signal }));
  expect(parts.map((part) => (part.kind === 'text_delta' ? part.textDelta : part.kind))).toEqual(['a', 'b', 'finish']);
  await expect(collected(model.stream(request, { signal }))).rejects.toMatchObject({ role: 'language_model', isRetryable: true });
  await expect(collected(model.stream(request, { signal: AbortSignal.timeout(5) }))).rejects.toThrow('cancelled');
  await expect(collected(model.stream(request, { signal }))).rejects.toThrow('no answer is scripted');
  expect(model.open()).toBe(0);
});
