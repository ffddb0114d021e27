// A model that stalls in mid-sentence must not leave the caller in silence: each wait for the next words has a limit.
import { InferenceError } from '#ports/inference-error.ts';
import { within } from '#shared/waiting.ts';
import { FIRST_WORDS_TIMEOUT_MS, NEXT_WORDS_TIMEOUT_MS } from './limits.ts';

/** Yields what `words` yields. Throws `InferenceError` when the next are late; who reads stops the source by its signal. */
export async function* withWordDeadline(words: AsyncIterable<string>): AsyncGenerator<string> {
  const source = words[Symbol.asyncIterator]();
  let limitMs = FIRST_WORDS_TIMEOUT_MS;
  try {
    for (;;) {
      const next = await within(source.next(), limitMs);
      if (next === 'late') throw tooLate(limitMs);
      if (next.value.done === true) return;
      yield next.value.value;
      limitMs = NEXT_WORDS_TIMEOUT_MS;
    }
  } finally {
    // Not waited for: a source that hangs ends only when its signal is aborted.
    void Promise.resolve(source.return?.()).catch(() => undefined);
  }
}

function tooLate(limitMs: number): InferenceError {
  return new InferenceError({ role: 'language_model', message: `no words within ${limitMs} ms`, isRetryable: false });
}
