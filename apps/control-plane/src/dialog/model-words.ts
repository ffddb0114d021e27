// What of a model's text is fit to be said: whole words, without markup, and none of the ways in which a model breaks.

/** A word without a space is no word beyond this; the longest of Spanish and English have under 30 letters. */
const WORD_CHARACTERS_MAX = 60;
/** The same word so often in a row is a model in a loop: people say "no, no, no, no". */
const REPEATED_WORDS_MAX = 8;
/** Scripts that put no spaces between words. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;
/** The mark of broken UTF-8, controls other than white space, and code points that nobody assigned. */
const BROKEN = /[\uFFFD\p{Co}\p{Cn}]|(?![\t\n\r])\p{Cc}/u;
/** Markup that a voice would read out. */
const MARKUP = /[*#`]+/g;

/** The model writes what nobody can say. */
export class GarbageError extends Error {
  override readonly name = 'GarbageError';
}

/** Reads words out of one answer. */
export type WordReader = {
  /** What is certain to be whole words by now. Throws `GarbageError`. */
  push(textDelta: string): string;
  /** The rest; a word that the token limit cut off is left out. Throws `GarbageError`, also when there was no word at all. */
  end(options: { isCutOff: boolean }): string;
};

/** Opens a reader. */
export function openWordReader(): WordReader {
  let held = '';
  let hasSaid = false;
  let last = { word: '', times: 0 };
  const checked = (text: string): string => {
    if (BROKEN.test(text)) throw new GarbageError('characters that cannot be said');
    const plain = text.replaceAll(MARKUP, '');
    for (const word of plain.split(/\s+/)) {
      if (word === '') continue;
      last = { word, times: word === last.word ? last.times + 1 : 1 };
      if (last.times > REPEATED_WORDS_MAX) throw new GarbageError('the same word over and over');
    }
    hasSaid ||= /[\p{L}\p{N}]/u.test(plain);
    return plain;
  };
  return {
    push(textDelta) {
      held += textDelta;
      const cut = UNSPACED.test(held) ? held.length : held.search(/\S*$/);
      const whole = held.slice(0, cut);
      held = held.slice(cut);
      if (held.length > WORD_CHARACTERS_MAX) throw new GarbageError('a word without an end');
      // Marks before the first word wait for it: an answer of nothing but marks is none.
      if (!hasSaid && !/[\p{L}\p{N}]/u.test(whole)) {
        held = whole + held;
        return '';
      }
      return checked(whole);
    },
    end({ isCutOff }) {
      const rest = isCutOff && !/[.!?…]$/.test(held) ? '' : checked(held);
      held = '';
      if (!hasSaid) throw new GarbageError('no word');
      return rest;
    },
  };
}
