// A language model that streams what the test wants.
import { InferenceError } from '#ports/inference-error.ts';
import type { LanguageModel, ModelRequest } from '#ports/language-model.ts';
import { scriptedWait } from './scripted-wait.ts';

/** A piece of an answer: words, or a call of a tool. */
export type ScriptedPart = string | { readonly call: string; readonly args: unknown };

/** One answer: its pieces, the wait before each, and whether it breaks after the last one. */
export type ScriptedAnswer = {
  readonly deltas: readonly ScriptedPart[];
  readonly afterMs?: number;
  readonly fails?: 'retryable' | 'final';
};

/** The scripted model and what it was asked. */
export type ScriptedLanguageModel = LanguageModel & {
  readonly requests: readonly ModelRequest[];
  /** Streams that are open now. */
  open(): number;
  willAnswer(...answers: ScriptedAnswer[]): void;
};

/** Opens the model. A request without an answer left gets `otherwise`; without that it fails for good and says so. */
export function openScriptedLanguageModel(answers: readonly ScriptedAnswer[] = [], otherwise?: ScriptedAnswer): ScriptedLanguageModel {
  const waiting = [...answers];
  const requests: ModelRequest[] = [];
  let open = 0;
  return {
    requests,
    open: () => open,
    willAnswer: (...more) => void waiting.push(...more),
    async *stream(request, { signal }) {
      requests.push(request);
      const answer = waiting.shift() ?? otherwise;
      if (answer === undefined) throw failure(`no answer is scripted for request ${requests.length}`, false);
      open += 1;
      try {
        for (const part of answer.deltas) {
          await scriptedWait(answer.afterMs ?? 0, signal).catch((cause: unknown) => {
            throw failure('the request was cancelled', false, cause);
          });
          if (typeof part === 'string') yield { kind: 'text_delta', textDelta: part };
          else yield { kind: 'tool_call', call: { id: `c${requests.length}`, name: part.call, argumentsJson: JSON.stringify(part.args) } };
        }
        if (answer.fails !== undefined) throw failure('scripted failure', answer.fails === 'retryable');
        yield { kind: 'finish', reason: 'stop', inputTokens: request.messages.length, outputTokens: answer.deltas.length };
      } finally {
        open -= 1;
      }
    },
  };
}

function failure(message: string, isRetryable: boolean, cause?: unknown): InferenceError {
  return new InferenceError({ role: 'language_model', message, isRetryable, cause });
}
