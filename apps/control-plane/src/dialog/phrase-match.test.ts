import { describe, expect, it } from 'vitest';
import { plainWords } from '#shared/plain-words.ts';
import { findLongestPhrase, withoutMatch } from './phrase-match.ts';

describe('findLongestPhrase', () => {
  it('finds the longest, and the first of equals', () => {
    expect(findLongestPhrase(plainWords('quiero una cita'), ['cita', 'una cita'])).toEqual({ start: 1, end: 3, length: 8 });
    expect(findLongestPhrase(plainWords('si no'), ['no', 'si'])?.start).toBe(1);
  });

  it('finds no part of a word and no phrase without words', () => {
    expect(findLongestPhrase(plainWords('noche'), ['no', '¿?'])).toBeNull();
  });

  it('finds nothing across words that were used', () => {
    const words = plainWords('a b c');
    expect(findLongestPhrase(withoutMatch(words, { start: 1, end: 2, length: 1 }), ['a c', 'b'])).toBeNull();
  });
});
