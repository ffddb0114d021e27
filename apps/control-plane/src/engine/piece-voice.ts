// One sentence's sound, with a deadline for its beginning and two more tries.
import { InferenceError } from '#ports/inference-error.ts';
import type { Speech, TextToSpeech } from '#ports/text-to-speech.ts';
import { FIRST_SOUND_TIMEOUT_MS } from './limits.ts';
import { lateSignal, mayRetry } from './retry.ts';
import type { RetryOptions } from './retry.ts';

/**
 * Yields the sound of `speech`. A sentence that breaks off is asked for again and goes on where it broke, because the same words have the
 * same length. Throws `InferenceError` when no try is left.
 */
export async function* speakPiece(textToSpeech: TextToSpeech, speech: Speech, options: RetryOptions): AsyncGenerator<Int16Array> {
  let given = 0;
  for (let attempt = 1; ; attempt++) {
    try {
      for await (const chunk of behind(given, withFirstSoundDeadline(textToSpeech, speech, options.signal))) {
        given += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      if (!(await mayRetry(error, attempt, options))) throw error;
    }
  }
}

/** What follows the first `samples`. */
async function* behind(samples: number, chunks: AsyncIterable<Int16Array>): AsyncGenerator<Int16Array> {
  let left = samples;
  for await (const chunk of chunks) {
    if (chunk.length > left) yield chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}

async function* withFirstSoundDeadline(textToSpeech: TextToSpeech, speech: Speech, signal: AbortSignal): AsyncGenerator<Int16Array> {
  using late = lateSignal(FIRST_SOUND_TIMEOUT_MS, () => failure(`no sound within ${FIRST_SOUND_TIMEOUT_MS} ms`));
  let hasSound = false;
  try {
    for await (const chunk of textToSpeech.synthesize(speech, { signal: AbortSignal.any([signal, late.signal]) })) {
      if (chunk.length === 0) continue;
      hasSound = true;
      late.stop();
      yield chunk;
    }
  } catch (error) {
    throw late.signal.aborted ? late.signal.reason : error;
  }
  if (!hasSound && !signal.aborted) throw failure(`no sound came back for a text of ${speech.text.length} characters`);
}

function failure(message: string): InferenceError {
  return new InferenceError({ role: 'text_to_speech', message, isRetryable: true });
}
