import { describe, expect, it } from 'vitest';
import { findLongestPhrase, withoutMatch, wordsOf } from './phrase-match.ts';

describe('wordsOf', () => {
  it('drops accents, case, punctuation and inverted marks', () => {
    expect(wordsOf('¿A QUÉ hora, miércoles?')).toEqual(['a', 'que', 'hora', 'miercoles']);
    expect(wordsOf(' … ¡! ')).toEqual([]);
  });
});

describe('findLongestPhrase', () => {
  it('finds the longest, and the first of equals', () => {
    expect(findLongestPhrase(wordsOf('quiero una cita'), ['cita', 'una cita'])).toEqual({ start: 1, end: 3, length: 8 });
    expect(findLongestPhrase(wordsOf('si no'), ['no', 'si'])?.start).toBe(1);
  });

  it('finds no part of a word and no phrase without words', () => {
    expect(findLongestPhrase(wordsOf('noche'), ['no', '¿?'])).toBeNull();
  });

  it('finds nothing across words that were used', () => {
    const words = wordsOf('a b c');
    expect(findLongestPhrase(withoutMatch(words, { start: 1, end: 2, length: 1 }), ['a c', 'b'])).toBeNull();
  });
});
