import { expect, test } from 'vitest';
import fc from 'fast-check';
import type { Chunk, ChunkBudget } from './chunker.ts';
import { createChunker } from './chunker.ts';
import type { DocumentBlock } from './document-block.ts';
import { estimateTokens } from './text-pieces.ts';

function chunksOf(blocks: readonly DocumentBlock[], budget?: ChunkBudget): Chunk[] {
  const chunks: Chunk[] = [];
  const chunker = createChunker((chunk) => chunks.push(chunk), budget);
  for (const block of blocks) chunker.add(block);
  chunker.end();
  return chunks;
}
const text = (content: string): DocumentBlock => ({ kind: 'text', text: content });
const heading = (level: number, content: string): DocumentBlock => ({ kind: 'heading', level, text: content });

test('a chunk carries the headings that it stands under and never crosses one', () => {
  const chunks = chunksOf([
    heading(1, 'Clínica'),
    text('Abrimos a las 9.'),
    heading(2, 'Masajes'),
    text('Duran una hora.'),
    heading(2, 'Faciales'),
    text('Duran media hora.'),
  ]);
  expect(chunks).toEqual([
    { headings: ['Clínica'], text: 'Abrimos a las 9.' },
    { headings: ['Clínica', 'Masajes'], text: 'Duran una hora.' },
    { headings: ['Clínica', 'Faciales'], text: 'Duran media hora.' },
  ]);
});

test('a heading with nothing below it is found as text', () => {
  expect(chunksOf([heading(1, 'Servicios'), heading(2, 'Masaje'), heading(2, 'Facial')])).toEqual([
    { headings: ['Servicios'], text: 'Masaje' },
    { headings: ['Servicios'], text: 'Facial' },
  ]);
});

test('a chunk begins with the last sentences of the one before it', () => {
  const sentences = Array.from({ length: 12 }, (_, index) => `Esta es la frase número ${index} de la lista.`);
  const chunks = chunksOf([text(sentences.join(' '))], { tokens: 50, overlapTokens: 12 });
  expect(chunks.length).toBeGreaterThan(2);
  for (const [index, chunk] of chunks.slice(1).entries()) {
    const firstSentence = chunk.text.split('\n')[0] ?? '';
    expect(chunks[index]?.text.endsWith(firstSentence)).toBe(true);
  }
});

test('control characters, marks of direction and invisible tags do not reach a chunk', () => {
  const hidden = 'pre\u0007cio\u202e 40\u200b €\u{e0041}\u{e0042} el\u00ad masaje';
  expect(chunksOf([text(hidden)])[0]?.text).toBe('precio 40 € el masaje');
});

test('whatever the text, no chunk exceeds the budget and no word is lost', () => {
  const words = fc.array(fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 300 }), { maxLength: 60 });
  fc.assert(
    fc.property(words, (parts) => {
      const whole = parts.join(' ');
      const chunks = chunksOf([text(whole)], { tokens: 20, overlapTokens: 5 });
      for (const chunk of chunks) expect(estimateTokens(chunk.text)).toBeLessThanOrEqual(22);
      const letters = (content: string) => content.replaceAll(/\s/g, '');
      const kept = letters(chunks.map((chunk) => chunk.text).join(''));
      for (const word of whole.split(/\s+/)) for (const piece of word.match(/.{1,5}/g) ?? []) expect(kept).toContain(piece.slice(0, 1));
      expect(kept.length).toBeGreaterThanOrEqual(letters(whole).length);
    }),
    { numRuns: 200 },
  );
});
