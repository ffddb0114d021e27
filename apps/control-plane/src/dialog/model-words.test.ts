import { describe, expect, it } from 'vitest';
import { GarbageError, openWordReader } from './model-words.ts';

const read = (pieces: readonly string[], isCutOff = false): string[] => {
  const reader = openWordReader();
  return [...pieces.map((piece) => reader.push(piece)), reader.end({ isCutOff })];
};

describe('word reader', () => {
  it('gives words when they are whole', () => {
    expect(read(['Abri', 'mos a las nu', 'eve.'])).toEqual(['', 'Abrimos a las ', '', 'nueve.']);
  });

  it('leaves out the word that the token limit cut off', () => {
    expect(read(['Abrimos a las nu'], true).join('')).toBe('Abrimos a las ');
    expect(read(['Abrimos a las nueve.'], true).join('')).toBe('Abrimos a las nueve.');
  });

  it('takes markup away that a voice would read out', () => {
    expect(read(['**Horario**: de `9` a 14'], false).join('')).toBe('Horario: de 9 a 14');
  });

  it('does not wait for spaces in scripts that have none', () => {
    expect(read(['我们九点', '开门。'])).toEqual(['我们九点', '开门。', '']);
  });

  it('refuses what nobody can say: broken characters, loops, words without an end, nothing at all', () => {
    const garbage = [['caf\uFFFD '], ['no '.repeat(30)], ['x'.repeat(100)], ['... '], [''], ['a\u0000b ']];
    for (const pieces of garbage) expect(() => read(pieces)).toThrow(GarbageError);
    expect(read(['no, no, no, no. '], false).join('')).toBe('no, no, no, no. ');
  });
});
