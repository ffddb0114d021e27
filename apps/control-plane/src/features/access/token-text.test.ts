import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeTokenText, parseTokenText, shownParts } from './token-text.ts';

const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

describe('the text of a token', () => {
  it('is recognised, and no two are alike', () => {
    const texts = Array.from({ length: 500 }, makeTokenText);
    expect(texts.every((text) => parseTokenText(text) === text)).toBe(true);
    expect(new Set(texts).size).toBe(500);
  });

  it('uses every letter about as often as any other', () => {
    const counts = new Map<string, number>();
    for (let round = 0; round < 4_000; round += 1)
      for (const letter of makeTokenText().slice(9, 41)) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    const expected = (4_000 * 32) / 62;
    // Chi-squared with 61 degrees of freedom: above 130 once in a million runs. The bias of `byte % 62` alone would add about 1,800.
    const chiSquared = Array.from(letters).reduce((sum, letter) => sum + ((counts.get(letter) ?? 0) - expected) ** 2 / expected, 0);
    expect(chiSquared).toBeLessThan(130);
  });

  it('is refused with any one character changed', () => {
    fc.assert(
      fc.property(fc.nat(46), fc.constantFrom(...Array.from(letters), '-', ' ', 'ñ'), (position, letter) => {
        const text = makeTokenText();
        fc.pre(text[position] !== letter);
        return parseTokenText(text.slice(0, position) + letter + text.slice(position + 1)) === null;
      }),
      { numRuns: 2_000 },
    );
  });

  it('is refused with two neighbours exchanged, cut, or longer', () => {
    fc.assert(
      fc.property(fc.nat(45), (position) => {
        const text = makeTokenText();
        fc.pre(text[position] !== text[position + 1]);
        const exchanged = text.slice(0, position) + text[position + 1] + text[position] + text.slice(position + 2);
        return [exchanged, text.slice(0, position), `${text}0`, ` ${text}`, `${text}\n`].every(
          (changed) => parseTokenText(changed) === null,
        );
      }),
    );
  });

  it('is no text that somebody made up', () => {
    fc.assert(fc.property(fc.string({ maxLength: 60 }), (text) => parseTokenText(text) === null));
  });

  it('shows its start and its end in lists, and not its middle', () => {
    const text = makeTokenText();
    expect(shownParts(text)).toEqual({ prefix: text.slice(0, 13), lastFour: text.slice(-4) });
  });
});
