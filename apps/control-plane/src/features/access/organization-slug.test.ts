import { describe, expect, it } from 'vitest';
import { SLUG_FORM, slugCandidates, slugOf } from './organization-slug.ts';

describe('the slug of a name', () => {
  it('folds accents and case and joins words with hyphens', () => {
    expect(slugOf('  Clínica Núñez & Hijos, S.L. ')).toBe('clinica-nunez-hijos-s-l');
  });

  it('begins with a letter whatever the name begins with', () => {
    expect(slugOf('24 Horas')).toBe('org-24-horas');
    expect(slugOf('X')).toBe('org-x');
  });

  it('is random for a name without Latin letters, and fits the column for any name', () => {
    for (const name of ['株式会社', '---', 'ß', 'a'.repeat(200), `${'a'.repeat(31)} b`, '9'.repeat(50)])
      expect(slugOf(name)).toMatch(SLUG_FORM);
    expect(slugOf('株式会社')).not.toBe(slugOf('株式会社'));
  });

  it('has numbered successors that fit the column too', () => {
    const candidates = [...slugCandidates('a'.repeat(32))];
    expect(candidates.slice(0, 2)).toEqual(['a'.repeat(32), `${'a'.repeat(30)}-2`]);
    expect(candidates.filter((candidate) => !SLUG_FORM.test(candidate))).toEqual([]);
    expect(new Set(candidates).size).toBe(candidates.length);
  });
});
