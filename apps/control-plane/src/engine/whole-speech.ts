// A text's sound, made whole before anybody hears it: for words that are played by the telephone system and not by a reply.
import { FRAME_HZ } from '#audio/frame.ts';
import type { Speech, TextToSpeech } from '#ports/text-to-speech.ts';
import { speakPiece } from './piece-voice.ts';
import { openSentenceSplitter } from './sentence-splitter.ts';

/** The sound sentence by sentence, as a reply asks for it, up to `maxMs` and what is left of a piece. Throws `InferenceError` when no try is left. */
export async function speakWhole(
  textToSpeech: TextToSpeech,
  { text, ...voice }: Speech,
  { maxMs, signal }: { readonly maxMs: number; readonly signal: AbortSignal },
): Promise<readonly Int16Array[]> {
  const splitter = openSentenceSplitter();
  // Nobody waits for it yet: nothing has to be filled.
  const retries = { signal, onTryFailed: () => {} };
  const chunks: Int16Array[] = [];
  let samples = 0;
  for (const piece of [...splitter.push(text), ...splitter.end()]) {
    for await (const chunk of speakPiece(textToSpeech, { text: piece, ...voice }, retries)) {
      chunks.push(chunk);
      samples += chunk.length;
      if (samples >= (maxMs * FRAME_HZ) / 1_000) return chunks;
    }
  }
  return chunks;
}
