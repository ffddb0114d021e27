// The language model as everybody in this process asks it: behind one circuit breaker, so that one caller's failures spare the others a wait.
import { InferenceError } from '#ports/inference-error.ts';
import type { LanguageModel, ModelPart } from '#ports/language-model.ts';
import type { Clock } from '#shared/clock.ts';
import { closedBreaker, stepBreaker } from './model-breaker.ts';
import type { BreakerEvent, BreakerState } from './model-breaker.ts';

/** A model behind its breaker. */
export type GuardedModel = LanguageModel & {
  /** For the metrics. */
  readonly breaker: () => BreakerState['kind'];
};

/**
 * Throws `InferenceError` at once while the model rests. An abort counts as a failure of the model only when its reason is an `InferenceError`:
 * whoever gave it up because it was late says so by that; a caller who hung up does not.
 */
export function guardedModel(model: LanguageModel, { clock }: { readonly clock: Clock }): GuardedModel {
  let state = closedBreaker;
  const step = (kind: BreakerEvent['kind']): boolean => {
    const { state: next, isAdmitted } = stepBreaker(state, { kind, atMs: clock.nowMs() });
    state = next;
    return isAdmitted;
  };
  return {
    ...model,
    breaker: () => state.kind,
    async *stream(request, { signal }) {
      if (!step('asked')) {
        throw new InferenceError({
          role: 'language_model',
          message: 'the language model failed too often and is left alone',
          isRetryable: false,
        });
      }
      yield* counted(model.stream(request, { signal }), { signal, step });
    },
  };
}

type Counting = { readonly signal: AbortSignal; readonly step: (kind: BreakerEvent['kind']) => void };

async function* counted(
  parts: ReturnType<LanguageModel['stream']>,
  { signal, step }: Counting,
): AsyncGenerator<ModelPart, void, undefined> {
  let end: BreakerEvent['kind'] = 'left';
  try {
    yield* parts;
    end = 'answered';
  } catch (error) {
    end = signal.aborted ? 'left' : 'failed';
    throw error;
  } finally {
    step(end !== 'answered' && signal.reason instanceof InferenceError ? 'failed' : end);
  }
}
