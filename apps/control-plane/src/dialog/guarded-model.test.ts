import { describe, expect, it } from 'vitest';
import { InferenceError } from '#ports/inference-error.ts';
import type { LanguageModel, ModelPart } from '#ports/language-model.ts';
import { openBreaker } from '#shared/breaker.ts';
import { guardedModel } from './guarded-model.ts';

const limits = { windowMs: 30_000, failures: 5, restMs: 10_000 };

describe('guarded model', () => {
  const request = { messages: [], maxOutputTokens: 1, temperature: 0 };
  const clockAt = (time: { ms: number }) => ({ nowMs: () => time.ms, wallAt: () => new Date(0) });
  const read = async (model: LanguageModel, signal = new AbortController().signal): Promise<readonly ModelPart[]> => {
    const parts: ModelPart[] = [];
    for await (const part of model.stream(request, { signal })) parts.push(part);
    return parts;
  };
  function brokenModel() {
    const asked = { times: 0, isWell: false };
    const model: LanguageModel = {
      async *stream() {
        asked.times += 1;
        if (!asked.isWell) throw new InferenceError({ role: 'language_model', message: 'down', isRetryable: true });
        yield { kind: 'finish', reason: 'stop', inputTokens: 0, outputTokens: 0 };
      },
    };
    return { asked, model };
  }

  it('spares a model that is down, and its callers the wait, until one of them finds it well again', async () => {
    const time = { ms: 0 };
    const { asked, model } = brokenModel();
    const guarded = guardedModel(model, { breaker: openBreaker({ clock: clockAt(time), limits }) });
    for (let round = 0; round < 20; round++) await expect(read(guarded)).rejects.toMatchObject({ name: 'InferenceError' });
    expect(asked.times).toBe(limits.failures);
    expect(guarded.breaker()).toBe('open');
    await expect(read(guarded)).rejects.toMatchObject({ isRetryable: false });
    time.ms += limits.restMs;
    asked.isWell = true;
    expect(await read(guarded)).toHaveLength(1);
    expect(guarded.breaker()).toBe('closed');
  });

  it('blames the model for an abort only when it was given up for being late', async () => {
    const stalled: LanguageModel = {
      async *stream(_, { signal }): AsyncGenerator<ModelPart> {
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
        yield { kind: 'finish', reason: 'stop', inputTokens: 0, outputTokens: 0 };
      },
    };
    for (const [reason, kind] of [
      [new InferenceError({ role: 'language_model', message: 'late', isRetryable: true }), 'open'],
      [new Error('the caller hung up'), 'closed'],
    ] as const) {
      const guarded = guardedModel(stalled, { breaker: openBreaker({ clock: clockAt({ ms: 0 }), limits }) });
      for (let round = 0; round < limits.failures; round++) {
        const abort = new AbortController();
        const reading = read(guarded, abort.signal);
        abort.abort(reason);
        await expect(reading).rejects.toBe(reason);
      }
      expect(guarded.breaker()).toBe(kind);
    }
  });
});
