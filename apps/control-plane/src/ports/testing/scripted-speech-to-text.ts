// Speech-to-text that says what the test wants: one answer per request, with delays and failures.
import { InferenceError } from '#ports/inference-error.ts';
import type { SpeechToText, Utterance } from '#ports/speech-to-text.ts';
import { scriptedWait } from './scripted-wait.ts';

/** The answer to one request. `Infinity` as `afterMs` never answers. */
export type ScriptedTranscript =
  | { readonly says: string; readonly confidence?: number; readonly afterMs?: number }
  | { readonly fails: 'retryable' | 'final'; readonly afterMs?: number };

/** The scripted engine and what it was asked. */
export type ScriptedSpeechToText = SpeechToText & {
  readonly requests: readonly Utterance[];
  /** Requests that were cancelled before they were answered. */
  aborted(): number;
  /** Adds answers behind those that wait. */
  willAnswer(...answers: ScriptedTranscript[]): void;
};

/** Opens the engine. A request without an answer left fails for good and says so. */
export function openScriptedSpeechToText(answers: readonly ScriptedTranscript[] = []): ScriptedSpeechToText {
  const waiting = [...answers];
  const requests: Utterance[] = [];
  let aborted = 0;
  return {
    requests,
    aborted: () => aborted,
    willAnswer: (...more) => void waiting.push(...more),
    async transcribe(utterance, { signal }) {
      requests.push(utterance);
      const answer = waiting.shift();
      if (answer === undefined) throw failure(`no answer is scripted for request ${requests.length}`, false);
      await scriptedWait(answer.afterMs ?? 0, signal).catch((error: unknown) => {
        aborted += 1;
        throw failure('the request was cancelled', false, error);
      });
      if ('fails' in answer) throw failure('scripted failure', answer.fails === 'retryable');
      return { text: answer.says, confidence: answer.confidence ?? 0.9, noSpeechProbability: answer.says === '' ? 0.9 : 0.05 };
    },
  };
}

function failure(message: string, isRetryable: boolean, cause?: unknown): InferenceError {
  return new InferenceError({ role: 'speech_to_text', message, isRetryable, cause });
}
