// Text that somebody else wrote (a document, another system) as a model may be shown it: cleaned, cut, and fenced as data.
import { CONTROL_TOKENS } from '#shared/control-tokens.ts';

/** Controls, and characters that nobody sees: zero width, direction, language tags, halves of characters. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\u2028\u2029]/gu;

/** The text without control characters and control tokens, on one line, at most so many characters. Angle brackets become others, so that it cannot end its fence. */
export function cleanText(text: string, charactersMax: number): string {
  // A space for each: removal would let the parts around it join to a new token. Cut first: nobody's text makes us scan megabytes.
  const plain = text
    .slice(0, charactersMax * 4)
    .replaceAll(UNSEEN, ' ')
    .normalize('NFKC')
    .replaceAll(CONTROL_TOKENS, ' ');
  return plain.replaceAll('<', '‹').replaceAll('>', '›').replaceAll(/\s+/g, ' ').trim().slice(0, charactersMax);
}

/** The text inside a fence that names where it is from. */
export function quotedText(kind: string, source: string, text: string): string {
  return `<${kind} source="${source.replaceAll('"', "'")}">\n${text}\n</${kind}>`;
}
