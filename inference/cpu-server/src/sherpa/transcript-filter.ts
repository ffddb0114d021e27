// What Whisper writes although nobody said it: on silence and noise it repeats subtitles of its training (44 % of silences with the turbo model, as published).
// The rules of inference/models/speech_to_text/1/transcript_filter.py that need no measure of the engine's: sherpa-onnx tells none for Whisper.
import { deflateSync } from 'node:zlib';
import { SPEECH_RATE_HZ, type TranscriptionRequest } from '#speech/transcription.ts';
import { CERTAIN, MARKS } from './hallucinations.ts';

/** 20 dB below the quietest speech that the voice activity detection still finds; a telephone line's own noise is about -70. */
const SILENCE_DBFS = -65;
/** A loop is above it, as in OpenAI's own decoding. */
const MAX_COMPRESSION = 2.4;
/** Twice the fastest speech; beyond it the text cannot come from so little sound. */
const MAX_CHARACTERS_PER_SECOND = 40;
/** Characters below which that says nothing: the ends of an utterance are cut closely. */
const SHORT_TEXT = 24;
/** People repeat a word ("no, no, no, no"), not six times, and a phrase not four times. */
const WORD_REPEATS = 6;
const PHRASE_REPEATS = 4;
const LONGEST_PHRASE_WORDS = 6;

/** Whether there is nothing to ask Whisper about, which would make up a sentence. */
export function isSilent(samples: Int16Array): boolean {
  if (samples.length === 0) return true;
  let sum = 0;
  for (const sample of samples) sum += (sample / 32_768) ** 2;
  return 10 * Math.log10(sum / samples.length) < SILENCE_DBFS;
}

/** Name of the rule that a transcript breaks; null when it can be believed. */
export function discardReason(text: string, { samples, hints }: Pick<TranscriptionRequest, 'samples' | 'hints'>): string | null {
  const words = plainWords(text);
  if (words.length === 0) return 'empty';
  if (isKnownHallucination(words, hints)) return 'hallucinated_phrase';
  if (compressionRatio(text) > MAX_COMPRESSION || hasRepeatedPhrase(words)) return 'repetition';
  const seconds = samples.length / SPEECH_RATE_HZ;
  return text.length > SHORT_TEXT && text.length > MAX_CHARACTERS_PER_SECOND * seconds ? 'too_much_text' : null;
}

/** In lower case without accents and punctuation, so that "¡Suscríbete!" and "suscribete" are the same. */
function plainWords(text: string): readonly string[] {
  return (
    text
      .toLowerCase()
      .normalize('NFKD')
      .replaceAll(/\p{M}/gu, '')
      .match(/[\p{L}\p{N}_]+/gu) ?? []
  );
}

const plain = (text: string) => plainWords(text).join(' ');
const certain = new Set(CERTAIN.map(plain));
const marks = MARKS.map(plain);

/** The whole text is a phrase that no caller says, or holds a mark of subtitles. A phrase that the flow expects is none. */
function isKnownHallucination(words: readonly string[], hints: readonly string[]): boolean {
  const text = words.join(' ');
  if (hints.some((hint) => plain(hint) === text)) return false;
  return certain.has(text) || marks.some((mark) => ` ${text} `.includes(` ${mark} `));
}

/** Bytes of the text over its bytes when compressed. */
function compressionRatio(text: string): number {
  const written = Buffer.from(text);
  return written.length / deflateSync(written).length;
}

function hasRepeatedPhrase(words: readonly string[]): boolean {
  for (let size = 1; size <= LONGEST_PHRASE_WORDS; size += 1)
    if (longestRepeat(words, size) >= (size === 1 ? WORD_REPEATS : PHRASE_REPEATS)) return true;
  return false;
}

/** How often in a row the same `size` words come, at most. */
function longestRepeat(words: readonly string[], size: number): number {
  let best = 1;
  for (let start = 0; start < Math.min(size, words.length); start += 1) {
    let count = 1;
    for (let at = start + size; at + size <= words.length; at += size) {
      const isSame = words.slice(at, at + size).every((word, index) => word === words[at - size + index]);
      count = isSame ? count + 1 : 1;
      best = Math.max(best, count);
    }
  }
  return best;
}
