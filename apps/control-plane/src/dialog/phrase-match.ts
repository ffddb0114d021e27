// Finds expected phrases in what a caller said, forgiving case, accents and punctuation, because transcripts differ in all three.
import type { Phrases } from '#ports/agent-profile.ts';
import { plainWords } from '#shared/plain-words.ts';

/** Where a phrase was found among the words, and how much it says. */
export type PhraseMatch = { readonly start: number; readonly end: number; readonly length: number };

/** Stands for words already used, so that no phrase is found across the gap. Never equal to a word. */
const USED = '';

/**
 * What was made of a flow's phrases, which never change, for as long as the flow is there: a turn compares a hundred of them, and making their
 * words anew took half of its 0.45 ms.
 */
const WORDS_OF = new WeakMap<readonly string[], readonly (readonly string[])[]>();
const ALL_OF = new WeakMap<object, readonly string[]>();

/** The phrases of all languages: a caller who changes the language is understood as well. */
export function phrasesOf(phrases: Phrases | undefined): readonly string[] {
  if (phrases === undefined) return [];
  if (isList(phrases)) return phrases;
  const known = ALL_OF.get(phrases) ?? Object.values(phrases).flat();
  ALL_OF.set(phrases, known);
  return known;
}

/** The phrases of a language (`es-MX`: of `es-MX`, else of `es`), and of all when there are none of it. */
export function phrasesIn(phrases: Phrases | undefined, language: string): readonly string[] {
  if (phrases === undefined || isList(phrases)) return phrases ?? [];
  return phrases[language] ?? phrases[language.split('-')[0] ?? ''] ?? phrasesOf(phrases);
}

function isList(phrases: Phrases): phrases is readonly string[] {
  return Array.isArray(phrases);
}

/** The longest of the phrases that the words hold as whole words, the first of equals; null when they hold none. */
export function findLongestPhrase(words: readonly string[], phrases: readonly string[]): PhraseMatch | null {
  let best: PhraseMatch | null = null;
  const known = WORDS_OF.get(phrases) ?? phrases.map(plainWords);
  WORDS_OF.set(phrases, known);
  for (const phrase of known) {
    const match = findPhrase(words, phrase);
    if (match !== null && (best === null || match.length > best.length)) best = match;
  }
  return best;
}

/** The words without those of the match, to be searched for something else. */
export function withoutMatch(words: readonly string[], match: PhraseMatch): string[] {
  return words.map((word, index) => (index >= match.start && index < match.end ? USED : word));
}

function findPhrase(words: readonly string[], phrase: readonly string[]): PhraseMatch | null {
  if (phrase.length === 0) return null;
  const start = words.findIndex((_, at) => phrase.every((word, offset) => words[at + offset] === word));
  return start === -1 ? null : { start, end: start + phrase.length, length: phrase.join(' ').length };
}
