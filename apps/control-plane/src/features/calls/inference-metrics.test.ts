import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { collected } from '#ports/testing/collected.ts';
import { openManualClock } from '#ports/testing/manual-clock.ts';
import { openScriptedLanguageModel } from '#ports/testing/scripted-language-model.ts';
import { openScriptedSpeechToText } from '#ports/testing/scripted-speech-to-text.ts';
import { openScriptedTextToSpeech } from '#ports/testing/scripted-text-to-speech.ts';
import { observedModels } from './inference-metrics.ts';

const signal = new AbortController().signal;
const question = { messages: [{ role: 'user', text: 'hola' }], maxOutputTokens: 10, temperature: 0 } as const;

function open() {
  const registry = new Registry();
  const languageModel = openScriptedLanguageModel();
  const models = observedModels(
    { speechToText: openScriptedSpeechToText(), textToSpeech: openScriptedTextToSpeech(), languageModel },
    { registry, clock: openManualClock() },
  );
  const value = async (line: string) =>
    Number(
      (await registry.metrics())
        .split('\n')
        .find((text) => text.startsWith(`${line} `))
        ?.split(' ')
        .at(-1),
    );
  return { languageModel, model: models.languageModel!, value };
}

const count = (code: string) => `centralita_inference_request_seconds_count{role="language_model",code="${code}"}`;

it('a whole answer is counted once, with its tokens, and its parts come through unchanged', async () => {
  const { languageModel, model, value } = open();
  languageModel.willAnswer({ deltas: ['Buenos', ' días'] });
  const parts = await collected(model.stream(question, { signal }));
  expect(parts.map(({ kind }) => kind)).toEqual(['text_delta', 'text_delta', 'finish']);
  expect(await value(count('ok'))).toBe(1);
  expect(await value('centralita_language_model_tokens_total{type="output"}')).toBe(2);
  expect(await value('centralita_inference_first_part_seconds_count{role="language_model"}')).toBe(1);
  expect(await value('centralita_inference_in_flight{role="language_model"}')).toBe(0);
});

it('a failure is counted by whether it is worth another try, and goes on to whoever asked', async () => {
  const { languageModel, model, value } = open();
  languageModel.willAnswer({ deltas: [], fails: 'retryable' }, { deltas: ['a'], fails: 'final' });
  for (let tries = 0; tries < 2; tries += 1)
    await expect(collected(model.stream(question, { signal }))).rejects.toThrow('scripted failure');
  expect([await value(count('retryable')), await value(count('final')), await value(count('ok'))]).toEqual([1, 1, 0]);
});

it('an answer that nobody reads to its end was cancelled by us, and closes the stream below', async () => {
  const { languageModel, model, value } = open();
  languageModel.willAnswer({ deltas: ['a', 'b', 'c'] });
  for await (const part of model.stream(question, { signal })) if (part.kind === 'text_delta') break;
  expect(await value(count('cancelled'))).toBe(1);
  expect(languageModel.open()).toBe(0);
});
