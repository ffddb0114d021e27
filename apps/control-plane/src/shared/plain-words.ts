// Texts as words that can be compared: people and transcripts differ in case, accents and punctuation.

/** The words and numbers of a text: lower case, no accents, nothing but letters and digits. */
export function plainWords(text: string): string[] {
  return withoutAccents(text.toLowerCase()).match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** The text with bare letters, in the decomposed form of Unicode. */
export function withoutAccents(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '');
}
