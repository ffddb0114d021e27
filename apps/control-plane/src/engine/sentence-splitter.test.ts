import fc from 'fast-check';
import { expect, it } from 'vitest';
import { openSentenceSplitter } from './sentence-splitter.ts';

function split(chunks: readonly string[]): string[] {
  const splitter = openSentenceSplitter();
  return [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()];
}

for (const [what, text, pieces] of [
  ['sentences', 'Good morning. How are you? Fine! Then bye.', ['Good morning.', 'How are you?', 'Fine!', 'Then bye.']],
  ['an abbreviation', 'Habla el Dr. Ruiz. Dígame.', ['Habla el Dr. Ruiz.', 'Dígame.']],
  ['a number', 'It costs 3.5 euros. Yes.', ['It costs 3.5 euros.', 'Yes.']],
  ['hours', 'A las 9 a.m. abrimos. Bien.', ['A las 9 a.m. abrimos.', 'Bien.']],
  ['lines', 'One\nTwo', ['One', 'Two']],
  ['nothing', '   ', []],
  [
    'a long first sentence at its comma, the second not',
    'We are open from Monday to Friday each week, all day long. And then we are closed for the whole weekend, sadly.',
    ['We are open from Monday to Friday each week,', 'all day long.', 'And then we are closed for the whole weekend, sadly.'],
  ],
] as const) {
  it(`cuts ${what} as it is spoken`, () => {
    expect(split([text])).toEqual(pieces);
  });
}

it('gives a sentence as soon as the next word begins, not at the end', () => {
  const splitter = openSentenceSplitter();
  expect(splitter.push('Good morning.')).toEqual([]);
  expect(splitter.push(' H')).toEqual(['Good morning.']);
});

it('cuts text that never ends at a space, within what text-to-speech takes', () => {
  const pieces = split(['word '.repeat(200)]);
  expect(pieces.length).toBeGreaterThan(3);
  for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(300);
  expect(split(['x'.repeat(700)]).map((piece) => piece.length)).toEqual([300, 300, 100]);
});

const words = fc.constantFrom('Hola', 'a', 'Dr', '3', '5', 'abrimos', 'x'.repeat(45), 'palabra'.repeat(60), 'sí');
const marks = fc.constantFrom(' ', ' ', ' ', '. ', '.', ', ', '? ', '!', '…', '\n', ': ', '  ');
const texts = fc.array(fc.tuple(words, marks), { maxLength: 60 }).map((list) => list.flat().join(''));

it('whatever the text: nothing is lost, added or reordered, and no piece is empty or too long', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const pieces = split([text]);
      expect(pieces.join('').replaceAll(/\s/g, '')).toBe(text.replaceAll(/\s/g, ''));
      for (const piece of pieces) {
        expect(piece.trim()).toBe(piece);
        expect(piece).not.toBe('');
        expect(piece.length).toBeLessThanOrEqual(300);
      }
    }),
  );
});

it('whatever the text: how it arrives changes nothing', () => {
  fc.assert(
    fc.property(texts, fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 60 }), (text, lengths) => {
      const chunks: string[] = [];
      let at = 0;
      for (const length of lengths) {
        chunks.push(text.slice(at, at + length));
        at += length;
      }
      expect(split([...chunks, text.slice(at)])).toEqual(split([text]));
    }),
  );
});
