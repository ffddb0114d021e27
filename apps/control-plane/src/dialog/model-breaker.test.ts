import { describe, expect, it } from 'vitest';
import { InferenceError } from '#ports/inference-error.ts';
import type { LanguageModel, ModelPart } from '#ports/language-model.ts';
import { guardedModel } from './guarded-model.ts';
import { BREAKER_FAILURES, BREAKER_REST_MS, BREAKER_WINDOW_MS, closedBreaker, stepBreaker } from './model-breaker.ts';
import type { BreakerEvent, BreakerState } from './model-breaker.ts';

const after = (state: BreakerState, ...events: readonly [BreakerEvent['kind'], number][]): BreakerState =>
  events.reduce((from, [kind, atMs]) => stepBreaker(from, { kind, atMs }).state, state);
const failures = (count: number, everyMs: number): [BreakerEvent['kind'], number][] =>
  Array.from({ length: count }, (_, index) => ['failed', index * everyMs]);
const opened = after(closedBreaker, ...failures(BREAKER_FAILURES, 1));
const openedUntilMs = BREAKER_FAILURES - 1 + BREAKER_REST_MS;

describe('model breaker', () => {
  it('opens after enough failures in the window, not after the same number spread out', () => {
    expect(opened.kind).toBe('open');
    expect(after(closedBreaker, ...failures(BREAKER_FAILURES - 1, 1)).kind).toBe('closed');
    expect(after(closedBreaker, ...failures(100, BREAKER_WINDOW_MS / (BREAKER_FAILURES - 1))).kind).toBe('closed');
  });

  it('lets nobody ask while it rests, then one, whose answer closes it', () => {
    expect(stepBreaker(opened, { kind: 'asked', atMs: openedUntilMs - 1 }).isAdmitted).toBe(false);
    const probing = stepBreaker(opened, { kind: 'asked', atMs: openedUntilMs });
    expect(probing).toEqual({ state: { kind: 'half_open' }, isAdmitted: true });
    expect(stepBreaker(probing.state, { kind: 'asked', atMs: openedUntilMs }).isAdmitted).toBe(false);
    expect(after(probing.state, ['answered', openedUntilMs + 5])).toEqual(closedBreaker);
  });

  it('rests again when the one fails, and lets the next one try when it went away', () => {
    const probing: BreakerState = { kind: 'half_open' };
    expect(after(probing, ['failed', 50])).toEqual({ kind: 'open', untilMs: 50 + BREAKER_REST_MS });
    expect(stepBreaker(after(probing, ['left', 50]), { kind: 'asked', atMs: 50 }).isAdmitted).toBe(true);
  });
});

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
    const guarded = guardedModel(model, { clock: clockAt(time) });
    for (let round = 0; round < 20; round++) await expect(read(guarded)).rejects.toMatchObject({ name: 'InferenceError' });
    expect(asked.times).toBe(BREAKER_FAILURES);
    expect(guarded.breaker()).toBe('open');
    await expect(read(guarded)).rejects.toMatchObject({ isRetryable: false });
    time.ms += BREAKER_REST_MS;
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
      const guarded = guardedModel(stalled, { clock: clockAt({ ms: 0 }) });
      for (let round = 0; round < BREAKER_FAILURES; round++) {
        const abort = new AbortController();
        const reading = read(guarded, abort.signal);
        abort.abort(reason);
        await expect(reading).rejects.toBe(reason);
      }
      expect(guarded.breaker()).toBe(kind);
    }
  });
});
