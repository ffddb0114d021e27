// One sentence's sound, with a deadline for its beginning and one more try.
import { InferenceError } from '#ports/inference-error.ts';
import type { Speech, TextToSpeech } from '#ports/text-to-speech.ts';
import { FIRST_SOUND_TIMEOUT_MS } from './limits.ts';

/** Tries per sentence. Only a sentence of which nothing was heard yet can be tried again. */
const TRIES = 2;

/** Yields the sound of `speech`. Throws `InferenceError` when no sound came in time twice, or when it broke off. */
export async function* speakPiece(textToSpeech: TextToSpeech, speech: Speech, signal: AbortSignal): AsyncGenerator<Int16Array> {
  for (let attempt = 1; ; attempt++) {
    let samples = 0;
    try {
      for await (const chunk of withFirstSoundDeadline(textToSpeech, speech, signal)) {
        samples += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      const isRetryable = error instanceof InferenceError && error.isRetryable && samples === 0 && attempt < TRIES;
      if (!isRetryable || signal.aborted) throw error;
    }
  }
}

async function* withFirstSoundDeadline(textToSpeech: TextToSpeech, speech: Speech, signal: AbortSignal): AsyncGenerator<Int16Array> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), FIRST_SOUND_TIMEOUT_MS);
  let hasSound = false;
  try {
    for await (const chunk of textToSpeech.synthesize(speech, { signal: AbortSignal.any([signal, late.signal]) })) {
      if (chunk.length === 0) continue;
      hasSound = true;
      clearTimeout(timer);
      yield chunk;
    }
  } catch (error) {
    if (late.signal.aborted) throw failure(`no sound within ${FIRST_SOUND_TIMEOUT_MS} ms`, error);
    throw error;
  } finally {
    clearTimeout(timer);
  }
  if (!hasSound && !signal.aborted) throw failure(`no sound came back for a text of ${speech.text.length} characters`);
}

function failure(message: string, cause?: unknown): InferenceError {
  return new InferenceError({ role: 'text_to_speech', message, isRetryable: true, cause });
}
