import { expect, it } from 'vitest';
import { plainWords } from './plain-words.ts';

it('drops accents, case, punctuation and inverted marks', () => {
  expect(plainWords('¿A QUÉ hora, miércoles?')).toEqual(['a', 'que', 'hora', 'miercoles']);
  expect(plainWords('  ¿Ajá,  SÍ?! ').join(' ')).toBe('aja si');
  expect(plainWords('¡Habitación Nº 12, MAÑANA!')).toEqual(['habitacion', 'nº', '12', 'manana']);
});

it('reads a letter and its accent as one, written as one character or as two', () => {
  expect(plainWords('Habitacio\u0301n')).toEqual(plainWords('Habitación'));
});

it('of marks alone has no words', () => {
  expect(plainWords(' … ¡! ')).toEqual([]);
});
