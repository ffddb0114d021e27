// From "so much sound was played" to "these words were heard".
import { FRAME_HZ } from '#audio/frame.ts';

/** Sound of one character at a normal pace: 15 characters a second. Bounds the guess while a piece's final length is not known. */
const SAMPLES_PER_CHARACTER = FRAME_HZ / 15;

/** A spoken piece and how much sound it became. `samples` grows while it is made. */
export type SpokenPiece = { readonly text: string; readonly samples: number; readonly isComplete: boolean };

/**
 * The words that the first `heardSamples` of a reply contained. Inside a piece words are taken in proportion to its sound;
 * a word counts once its last letter was heard, so a cut word is not in the history. Of a piece that is still being made the sound at hand
 * is only a part, so its whole length is estimated: else one heard syllable of one made syllable would count as the whole sentence.
 */
export function heardText(pieces: readonly SpokenPiece[], heardSamples: number): string {
  const heard: string[] = [];
  let left = heardSamples;
  for (const piece of pieces) {
    if (left <= 0) break;
    if (piece.isComplete && left >= piece.samples) heard.push(piece.text);
    else heard.push(firstWords(piece.text, Math.min(left, piece.samples) / expectedSamples(piece)));
    left -= piece.samples;
  }
  return heard.filter((text) => text !== '').join(' ');
}

function expectedSamples({ text, samples, isComplete }: SpokenPiece): number {
  return isComplete ? samples : Math.max(samples, text.length * SAMPLES_PER_CHARACTER);
}

function firstWords(text: string, share: number): string {
  const characters = Math.min(1, share) * text.length;
  let end = 0;
  for (const word of text.matchAll(/\S+/g)) {
    const wordEnd = word.index + word[0].length;
    if (wordEnd > characters) break;
    end = wordEnd;
  }
  return text.slice(0, end);
}
