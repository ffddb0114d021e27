// What is kept of a document's text: it is read to models and people, so nothing stays that only hides or steers.

/** Control characters but the line's end, and all that is invisible: marks of direction, joiners, tags, soft hyphens. */
const INVISIBLE = /[^\P{C}\n\t]/gu;

/** One text, composed, well formed, without invisible characters, and without runs of white space. */
export function cleanText(text: string): string {
  const visible = text.toWellFormed().normalize('NFC').replaceAll(INVISIBLE, '');
  return visible
    .replaceAll(/[^\S\n]+/g, ' ')
    .replaceAll(/ ?\n[ \n]*/g, '\n')
    .trim();
}
