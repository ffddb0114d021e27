// Phrases that the phrases engine knows at every moment of every call, from a file: words that no flow expects but a test's callers say.
import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** Phrases by language, such as `{"es": ["el viernes"]}`; a request for `es-MX` gets those of `es` too. */
export type KnownPhrases = Readonly<Record<string, readonly string[]>>;

/** Half of the templates that are kept; the other half is for what flows expect. */
const MAX_PHRASES = 1_000;

const fileSchema = z.record(
  z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'must be a language, such as es or en-US'),
  z.array(z.string().min(1).max(200)).max(MAX_PHRASES),
);

/** Reads the file. @throws naming the file and what is wrong in it. */
export function readPhraseFile(path: string): KnownPhrases {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : cause instanceof Error ? cause.message : String(cause);
    throw new Error(`SPEECH_TO_TEXT_PHRASES_FILE: ${path} is no list of phrases by language: ${reason}`, { cause });
  }
}

/** The phrases to choose from: those expected, then those known of the language, each once however it is written. Two that sound alike would shut each other out. */
export function phrasesToTell(hints: readonly string[], language: string, known: KnownPhrases): readonly string[] {
  const primary = language.split('-', 1)[0] ?? language;
  const byWords = new Map<string, string>();
  for (const phrase of [...hints, ...(known[primary] ?? []), ...(primary === language ? [] : (known[language] ?? []))]) {
    const words = wordsOf(phrase);
    if (!byWords.has(words)) byWords.set(words, phrase);
  }
  return [...byWords.values()];
}

/** How a phrase sounds, as far as its spelling tells: accents tell where the stress is, so they count. */
function wordsOf(phrase: string): string {
  return (phrase.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? []).join(' ');
}
