// Cuts a stream of text into pieces worth speaking: the first one short, so that the caller soon hears something.

/** From this length a first piece may end at a comma: F5-TTS pays for the whole clause before its first sound, 40 characters are about 2.5 s. */
const FIRST_CLAUSE_CHARACTERS = 40;
/** A piece that never ends is cut at the last space before this length (text-to-speech takes 2,000). */
const MAX_PIECE_CHARACTERS = 300;
/** Short words before a full stop that do not end a sentence, Spanish and English. */
const ABBREVIATIONS = new Set([
  'dr',
  'dra',
  'sr',
  'sra',
  'srta',
  'ud',
  'uds',
  'av',
  'núm',
  'no',
  'tel',
  'mr',
  'mrs',
  'ms',
  'st',
  'etc',
  'a',
  'p',
  'm',
]);

/** Cuts text as it comes. `push` gives the pieces that are complete; `end` gives the rest. Pieces joined with spaces give the text again. */
export type SentenceSplitter = {
  push(textDelta: string): string[];
  end(): string[];
};

/** Opens a splitter for one reply. */
export function openSentenceSplitter(): SentenceSplitter {
  let rest = '';
  let isFirst = true;
  const take = (isEnd: boolean): string[] => {
    const pieces: string[] = [];
    for (;;) {
      const cut = findCut(rest, isFirst);
      if (cut === -1) break;
      const piece = rest.slice(0, cut).trim();
      rest = rest.slice(cut);
      if (piece === '') continue;
      pieces.push(piece);
      isFirst = false;
    }
    if (isEnd) {
      const piece = rest.trim();
      rest = '';
      if (piece !== '') pieces.push(piece);
    }
    return pieces;
  };
  return {
    push(textDelta) {
      rest += textDelta;
      return take(false);
    },
    end: () => take(true),
  };
}

/** Index behind the next complete piece, or -1. A full stop counts only when white space follows: "3.5" and "a.m." must stay whole. */
function findCut(text: string, isFirst: boolean): number {
  for (let i = 0; i < Math.min(text.length, MAX_PIECE_CHARACTERS); i++) {
    const character = text[i] ?? '';
    const next = text[i + 1];
    if (character === '\n') return i + 1;
    if (next === undefined || !/\s/.test(next)) continue;
    if ('!?…'.includes(character)) return i + 1;
    if (character === '.' && !isAbbreviation(text.slice(0, i))) return i + 1;
    if (isFirst && i >= FIRST_CLAUSE_CHARACTERS && ',;:'.includes(character)) return i + 1;
  }
  if (text.length <= MAX_PIECE_CHARACTERS) return -1;
  const space = text.lastIndexOf(' ', MAX_PIECE_CHARACTERS);
  return space > 0 ? space + 1 : MAX_PIECE_CHARACTERS;
}

function isAbbreviation(before: string): boolean {
  const word = /(\p{L}+)$/u.exec(before)?.[1]?.toLowerCase();
  return word !== undefined && ABBREVIATIONS.has(word);
}
