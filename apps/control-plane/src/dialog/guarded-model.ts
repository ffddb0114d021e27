// The language model as everybody in this process asks it: behind circuit breakers, so that one caller's failures spare the others a wait.
import { InferenceError } from '#ports/inference-error.ts';
import type { LanguageModel, ModelPart } from '#ports/language-model.ts';
import type { Breaker, BreakerState, RequestEnd } from '#shared/breaker.ts';

/** A model behind its breaker. */
export type GuardedModel = LanguageModel & {
  /** For the metrics. */
  readonly breaker: () => BreakerState['kind'];
};

/**
 * Throws `InferenceError` at once while the model rests. An abort counts as a failure of the model only when its reason is an `InferenceError`:
 * whoever gave it up because it was late says so by that; a caller who hung up does not.
 */
export function guardedModel(model: LanguageModel, { breaker }: { readonly breaker: Breaker }): GuardedModel {
  return {
    ...model,
    breaker: () => breaker.state(),
    async *stream(request, { signal }) {
      if (!breaker.ask()) {
        throw new InferenceError({
          role: 'language_model',
          message: 'the language model failed too often and is left alone',
          isRetryable: false,
        });
      }
      yield* counted(model.stream(request, { signal }), { signal, breaker });
    },
  };
}

async function* counted(
  parts: ReturnType<LanguageModel['stream']>,
  { signal, breaker }: { readonly signal: AbortSignal; readonly breaker: Breaker },
): AsyncGenerator<ModelPart, void, undefined> {
  let end: RequestEnd = 'left';
  try {
    yield* parts;
    end = 'answered';
  } catch (error) {
    end = signal.aborted ? 'left' : 'failed';
    throw error;
  } finally {
    breaker.end(end !== 'answered' && signal.reason instanceof InferenceError ? 'failed' : end);
  }
}
