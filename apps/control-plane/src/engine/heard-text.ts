// From "so much sound was played" to "these words were heard".

/** A spoken piece and how much sound it became. `samples` grows while it is made. */
export type SpokenPiece = { readonly text: string; readonly samples: number; readonly isComplete: boolean };

/**
 * The words that the first `heardSamples` of a reply contained. Inside a piece words are taken in proportion to its sound;
 * a word counts once its last letter was heard, so a cut word is not in the history.
 */
export function heardText(pieces: readonly SpokenPiece[], heardSamples: number): string {
  const heard: string[] = [];
  let left = heardSamples;
  for (const piece of pieces) {
    if (left <= 0) break;
    if (piece.isComplete && left >= piece.samples) heard.push(piece.text);
    else heard.push(firstWords(piece.text, left / Math.max(1, piece.samples)));
    left -= piece.samples;
  }
  return heard.filter((text) => text !== '').join(' ');
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
