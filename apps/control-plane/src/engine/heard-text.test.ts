import fc from 'fast-check';
import { expect, it } from 'vitest';
import { heardText } from './heard-text.ts';

const complete = (text: string, samples: number) => ({ text, samples, isComplete: true });

it('gives whole pieces that were heard and the first words of the one that was cut', () => {
  const pieces = [complete('Good morning.', 1_000), complete('We open at nine today.', 2_200)];
  expect(heardText(pieces, 0)).toBe('');
  expect(heardText(pieces, 1_000)).toBe('Good morning.');
  expect(heardText(pieces, 1_000 + 1_000)).toBe('Good morning. We open at');
  expect(heardText(pieces, Number.POSITIVE_INFINITY)).toBe('Good morning. We open at nine today.');
});

it('does not count a word of which the last letter was not heard', () => {
  expect(heardText([complete('abcd efgh', 900)], 899)).toBe('abcd');
});

it('does not take the little sound made so far for the whole sentence', () => {
  const text = 'This sentence has just begun to be made';
  const begun = { text, samples: 4_000, isComplete: false };
  expect(heardText([begun], 4_000)).toBe('');
  expect(heardText([begun], Number.POSITIVE_INFINITY)).toBe('');
  expect(heardText([{ ...begun, samples: 20_000 }], Number.POSITIVE_INFINITY)).toBe('This sentence has');
});

it('whatever the pieces: more sound never means fewer words, and the words are a beginning of the text', () => {
  const pieces = fc.array(
    fc.record({
      text: fc.constantFrom('one', 'two words', 'now three words'),
      samples: fc.integer({ min: 1, max: 9_000 }),
      isComplete: fc.boolean(),
    }),
    { maxLength: 5 },
  );
  fc.assert(
    fc.property(pieces, fc.nat(30_000), fc.nat(5_000), (list, heard, more) => {
      const few = heardText(list, heard);
      const many = heardText(list, heard + more);
      expect(many.length).toBeGreaterThanOrEqual(few.length);
      const whole = list.map((piece) => piece.text).join(' ');
      expect(list.some((piece) => !piece.isComplete) || whole.startsWith(many)).toBe(true);
    }),
  );
});
