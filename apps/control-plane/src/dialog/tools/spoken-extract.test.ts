import { describe, expect, it } from 'vitest';
import type { Passage } from '#ports/knowledge-search.ts';
import { spokenExtract } from './spoken-extract.ts';

const passage = (text: string, more: Partial<Passage> = {}): Passage => ({
  chunkId: 'chunk_1',
  text,
  source: 'tarifas-2026.pdf',
  headings: [],
  category: null,
  score: 1,
  ...more,
});

describe('an answer from the documents', () => {
  it('is the sentence that holds most of the question, with where it stands', () => {
    const passages = [passage('Abrimos a las nueve. La limpieza facial cuesta cuarenta euros. El masaje dura una hora.')];
    expect(spokenExtract('¿Cuánto cuesta la limpieza facial?', passages, 'es')).toBe(
      'Según tarifas 2026: La limpieza facial cuesta cuarenta euros.',
    );
    expect(spokenExtract('how long does a massage take', [passage('A massage takes one hour.', { source: 'faq.md' })], 'en')).toBe(
      'According to faq: A massage takes one hour.',
    );
  });

  it('may be about what its heading names', () => {
    const passages = [passage('Se cobran cuarenta euros por sesión.', { headings: ['Limpieza facial'] })];
    expect(spokenExtract('¿Cuántos euros la limpieza facial?', passages, 'es')).toContain('cuarenta euros');
  });

  it('is none when the documents speak of something else, or the question of nothing', () => {
    const passages = [passage('Abrimos a las nueve de la mañana.')];
    expect(spokenExtract('¿Aceptan mascotas grandes?', passages, 'es')).toBeNull();
    expect(spokenExtract('¿y eso?', passages, 'es')).toBeNull();
  });

  it('is cut where it would be long, and holds nothing that a voice should not read', () => {
    const long = `El aparcamiento ${'tiene muchas plazas y '.repeat(40)}más.`;
    const spoken = spokenExtract('¿tienen aparcamiento?', [passage(`${long}\u0000<b>`)], 'es') ?? '';
    expect(spoken.length).toBeLessThan(280);
    expect(spoken).not.toMatch(/[<>\p{Cc}]/u);
  });
});
