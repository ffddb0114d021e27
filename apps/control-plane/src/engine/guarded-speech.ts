// The models of one call, behind its organization's circuit breakers and the process's.
import { guardedModel } from '#dialog/guarded-model.ts';
import { InferenceError } from '#ports/inference-error.ts';
import type { LanguageModel } from '#ports/language-model.ts';
import type { SpeechToText } from '#ports/speech-to-text.ts';
import type { TextToSpeech } from '#ports/text-to-speech.ts';
import type { Breaker, RequestEnd } from '#shared/breaker.ts';
import type { ModelBreakers } from '#shared/model-breakers.ts';

/** The models of one call. */
export type CallModels = {
  readonly speechToText: SpeechToText;
  readonly textToSpeech: TextToSpeech;
  /** Null when none is configured. */
  readonly languageModel: LanguageModel | null;
};

/** The models as one organization's call asks them; as they are without breakers. */
export function guardedModels<Models extends CallModels & { readonly breakers?: ModelBreakers }>(
  models: Models,
  organizationId: string,
): CallModels {
  const { speechToText, textToSpeech, languageModel, breakers } = models;
  if (breakers === undefined) return { speechToText, textToSpeech, languageModel };
  return {
    speechToText: guardedSpeechToText(speechToText, breakers.of('speech_to_text', organizationId)),
    textToSpeech: guardedTextToSpeech(textToSpeech, breakers.of('text_to_speech', organizationId)),
    // The whole process's breaker is around it already, for chats and jobs too.
    languageModel: languageModel && guardedModel(languageModel, { breaker: breakers.own('language_model', organizationId) }),
  };
}

/** Fails at once while the engine rests; a try may be made again, because a rest is shorter than the tries of a turn together. */
export function guardedSpeechToText(engine: SpeechToText, breaker: Breaker): SpeechToText {
  return {
    ...engine,
    async transcribe(utterance, { signal }) {
      if (!breaker.ask()) throw resting('speech_to_text');
      let end: RequestEnd = 'failed';
      try {
        const transcript = await engine.transcribe(utterance, { signal });
        end = 'answered';
        return transcript;
      } catch (error) {
        end = endOf(signal);
        throw error;
      } finally {
        breaker.end(end);
      }
    },
  };
}

/** The same for a voice. Sound that is at hand is given whatever the breaker says. */
export function guardedTextToSpeech(engine: TextToSpeech, breaker: Breaker): TextToSpeech {
  return {
    ...engine,
    async *synthesize(speech, { signal }) {
      if (engine.isKept?.(speech) === true) return yield* engine.synthesize(speech, { signal });
      if (!breaker.ask()) throw resting('text_to_speech');
      // Who stops reading before the end goes away.
      let end: RequestEnd = 'left';
      try {
        yield* engine.synthesize(speech, { signal });
        end = 'answered';
      } catch (error) {
        end = endOf(signal);
        throw error;
      } finally {
        // A deadline ends the reading too, and then the engine is to blame.
        breaker.end(end === 'left' && signal.aborted ? endOf(signal) : end);
      }
    },
  };
}

/** An abort blames the engine only when its reason is an `InferenceError`: whoever gave it up because it was late says so by that. */
function endOf(signal: AbortSignal): RequestEnd {
  return signal.aborted && !(signal.reason instanceof InferenceError) ? 'left' : 'failed';
}

function resting(role: 'speech_to_text' | 'text_to_speech'): InferenceError {
  return new InferenceError({ role, message: `${role} failed too often and is left alone for a moment`, isRetryable: true });
}
