import { describe, expect, it } from 'vitest';
import { consentOf } from './consent.ts';

describe('consentOf', () => {
  it.each([
    'Sí.',
    'Sí, por favor.',
    'Claro que sí',
    'Sí, claro, confírmela por favor',
    'Adelante',
    'Está bien, gracias',
    'Cómo no',
    'Sí, no hay problema',
    'Eh, bueno, sí',
    'Correcto, así es',
    'De acuerdo',
    'Sí sí sí',
    'Yes',
    'Yes, please.',
    'Yeah, go ahead',
    "That's right",
    'Sure, book it, thank you',
    'Okay',
    'Yes, please do',
  ])('takes "%s" for a yes', (words) => {
    expect(consentOf(words)).toBe('yes');
  });

  it.each([
    'No',
    'No, gracias',
    'Mejor no',
    'Sí... no, espere',
    'Todavía no',
    'Ya no quiero',
    'No está bien',
    'Espere un momento',
    'Claro que no',
    'Nope',
    "No, don't do it",
    'Not yet',
    'Yes, I mean, wait',
    'Hold on',
    "I don't agree",
  ])('takes "%s" for a no', (words) => {
    expect(consentOf(words)).toBe('no');
  });

  it.each([
    '',
    'mm',
    'Sí, pero el martes',
    'Si hay otra hora mejor',
    'Sí, ¿cuánto cuesta?',
    '¿Sí?',
    'A las cinco',
    'Sí, quiero hablar con una persona',
    'Sí, mañana a las diez',
    'Perfecto, y también el jueves',
    'Maybe',
    'Yes, but on Tuesday',
    'How much is it?',
    'Right?',
    'Yes if it is free',
    'Sure, what time was it',
  ])('takes "%s" for neither', (words) => {
    expect(consentOf(words)).toBe('unclear');
  });

  it('reads a yes with any case, accents and punctuation, because transcripts differ in all three', () => {
    for (const words of ['SI', 'sí', 'Si,', '¡Sí!', 'sI por favor']) expect(consentOf(words)).toBe('yes');
  });
});
