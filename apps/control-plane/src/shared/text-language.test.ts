import { describe, expect, it } from 'vitest';
import { plainWords } from './plain-words.ts';
import { isFunctionWord, isSpanish, textLanguage, unaccentedForms } from './text-language.ts';

describe('the language of a text', () => {
  it.each([
    ['es', 'La consulta dura treinta minutos y se puede cancelar hasta un día antes.'],
    ['es', '¿Cuánto cuesta una limpieza dental?'],
    ['en', 'The visit takes thirty minutes and you can cancel it until the day before.'],
    ['en', 'How much is a dental cleaning?'],
    ['es', ''],
    ['es', 'Botox 4500'],
  ])('is %s: %s', (language, text) => {
    expect(textLanguage(text)).toBe(language);
  });
});

describe('words', () => {
  it('that carry an accent are listed once each, without it', () => {
    expect(unaccentedForms('La habitación, la HABITACIÓN y el jardín grande')).toBe('habitacion jardin');
    expect(unaccentedForms('The plain room')).toBe('');
  });

  it('that only hold a sentence together are known in both languages', () => {
    expect(plainWords('¿Dónde está the clinic?').filter((word) => !isFunctionWord(word))).toEqual(['clinic']);
  });
});

it('a tag is Spanish of any country, and never by its first letters alone', () => {
  for (const tag of ['es', 'es-MX', 'ES-419']) expect([tag, isSpanish(tag)]).toEqual([tag, true]);
  for (const tag of ['en', 'est', 'en-ES', '']) expect([tag, isSpanish(tag)]).toEqual([tag, false]);
});
