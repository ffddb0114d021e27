import { describe, expect, it } from 'vitest';
import type { SlotType } from '#ports/agent-profile.ts';
import { plainWords } from '#shared/plain-words.ts';
import { acceptValue, keysMax, readKeys, readValue, sayValue } from './spoken-value.ts';

// A Saturday.
const today = '2026-11-21';
const read = (type: SlotType, text: string, language: string): string | null => readFor(true)(type, text, language);
const readUnasked = (type: SlotType, text: string, language: string): string | null => readFor(false)(type, text, language);
const readFor = (isAsked: boolean) => (type: SlotType, text: string, language: string) => {
  const found = readValue(type, plainWords(text), { language, today, isAsked });
  return found === null ? null : found.kind === 'value' ? found.value : `invalid ${found.value}`;
};

describe('numbers', () => {
  it.each([
    ['es', 'somos cuatro', '4'],
    ['es', 'treinta y cinco personas', '35'],
    ['es', 'ciento veintidós', '122'],
    ['es', 'mil doscientas cincuenta', '1250'],
    ['es', 'dos mil veintiséis', '2026'],
    ['es', 'unas 1.500 unidades', '1500'],
    ['es', 'veintiuna', '21'],
    ['en', 'a table for twelve', '12'],
    ['en', 'twenty-one people', '21'],
    ['en', 'two hundred and five', '205'],
    ['en', 'three thousand four hundred', '3400'],
    ['en', '1,250 please', '1250'],
    ['es', 'no lo sé', null],
  ])('%s: "%s" is %s', (language, text, value) => {
    expect(read({ kind: 'number' }, text, language)).toBe(value);
  });

  it('are taken only when asked for, and within their limits', () => {
    expect(readUnasked({ kind: 'number' }, 'somos cuatro', 'es')).toBeNull();
    expect(read({ kind: 'number', min: 1, max: 8 }, 'doce', 'es')).toBe('invalid 12');
  });
});

describe('dates', () => {
  it.each([
    ['es', 'hoy mismo', '2026-11-21'],
    ['es', 'mañana por la mañana', '2026-11-22'],
    ['es', 'pasado mañana', '2026-11-23'],
    ['es', 'el martes', '2026-11-24'],
    ['es', 'el sábado', '2026-11-28'],
    ['es', 'el martes que viene', '2026-11-24'],
    ['es', 'el miércoles de la semana que viene', '2026-11-25'],
    ['es', 'el quince de diciembre', '2026-12-15'],
    ['es', 'martes 15 de diciembre', '2026-12-15'],
    ['es', 'el 3 de enero de 2027', '2027-01-03'],
    ['es', 'el tres de enero de dos mil veintisiete', '2027-01-03'],
    ['es', 'el uno de febrero', '2027-02-01'],
    ['es', 'dentro de tres días', '2026-11-24'],
    ['es', 'dentro de dos semanas', '2026-12-05'],
    ['es', '15/12', '2026-12-15'],
    ['es', 'el día veintisiete', '2026-11-27'],
    ['es', 'el veinte', '2026-12-20'],
    ['es', 'a las diez de la mañana', null],
    ['es', 'el treinta de febrero', null],
    ['en', 'tomorrow', '2026-11-22'],
    ['en', 'the day after tomorrow', '2026-11-23'],
    ['en', 'on Friday', '2026-11-27'],
    ['en', 'Friday of next week', '2026-11-27'],
    ['en', 'December 15th', '2026-12-15'],
    ['en', 'the fifteenth of December', '2026-12-15'],
    ['en', 'the twenty-first of January', '2027-01-21'],
    ['en', 'in two weeks', '2026-12-05'],
    ['en', 'the twenty second', '2026-11-22'],
    ['en-US', '12/15', '2026-12-15'],
    ['en-GB', '15/12', '2026-12-15'],
    ['en', '2026-12-31', '2026-12-31'],
    ['en', 'I do not know yet', null],
  ])('%s: "%s" is %s', (language, text, value) => {
    expect(read({ kind: 'date' }, text, language)).toBe(value);
  });

  it('hold to the window of the slot', () => {
    expect(read({ kind: 'date', fromDays: 1, toDays: 30 }, 'hoy', 'es')).toBe('invalid 2026-11-21');
    expect(read({ kind: 'date', toDays: 30 }, 'el 15 de enero', 'es')).toBe('invalid 2027-01-15');
  });

  it('are not made of a bare number unless asked for', () => {
    expect(readUnasked({ kind: 'date' }, 'quiero dos', 'es')).toBeNull();
    expect(readUnasked({ kind: 'date' }, 'el lunes', 'es')).toBe('2026-11-23');
  });
});

describe('times', () => {
  it.each([
    ['es', 'a las diez', '10:00'],
    ['es', 'a las diez y media de la mañana', '10:30'],
    ['es', 'a las cuatro y cuarto', '16:15'],
    ['es', 'las cinco menos cuarto', '16:45'],
    ['es', 'a la una', '13:00'],
    ['es', 'a las ocho de la noche', '20:00'],
    ['es', 'a las 16:30', '16:30'],
    ['es', 'a las nueve y veinte', '09:20'],
    ['es', 'al mediodía', '12:00'],
    ['es', 'once', '11:00'],
    ['es', '9:45', '09:45'],
    ['es', 'una cita', null],
    ['en', 'at ten', '10:00'],
    ['en', "four o'clock", '16:00'],
    ['en', 'half past three', '15:30'],
    ['en', 'a quarter to five', '16:45'],
    ['en', 'ten past nine', '09:10'],
    ['en', 'ten thirty a.m.', '10:30'],
    ['en', '7pm', '19:00'],
    ['en', '7:15 PM', '19:15'],
    ['en', 'eight in the morning', '08:00'],
    ['en', 'noon', '12:00'],
    ['en', 'at midnight', '00:00'],
  ])('%s: "%s" is %s', (language, text, value) => {
    expect(read({ kind: 'time' }, text, language)).toBe(value);
  });

  it('mean the hour that is possible', () => {
    expect(read({ kind: 'time', from: '20:00', to: '23:00' }, 'a las nueve', 'es')).toBe('21:00');
    expect(read({ kind: 'time', from: '08:00', to: '14:00' }, 'a las cinco', 'es')).toBe('invalid 17:00');
  });

  it('need more than a number when they were not asked for', () => {
    expect(readUnasked({ kind: 'time' }, 'diez', 'es')).toBeNull();
    expect(readUnasked({ kind: 'time' }, 'a las diez', 'es')).toBe('10:00');
  });
});

describe('telephone numbers', () => {
  it.each([
    ['es', 'mi teléfono es el seis cero cero, doce, treinta y cuatro, cincuenta y seis', '600123456'],
    ['es', '600 12 34 56', '600123456'],
    ['es', 'más treinta y cuatro 600123456', '+34600123456'],
    ['en', 'five five five, double oh, one two three four', '555001234'],
    ['en', 'plus one 212 555 0100', '+12125550100'],
  ])('%s: "%s" is %s', (language, text, value) => {
    expect(read({ kind: 'phone' }, text, language)).toBe(value);
  });

  it('have as many digits as they need', () => {
    expect(read({ kind: 'phone', minDigits: 9 }, '600 12', 'es')).toBe('invalid 60012');
  });
});

describe('yes and no', () => {
  it.each([
    ['es', 'sí, claro', 'yes'],
    ['es', 'cómo no', 'yes'],
    ['es', 'sí, pero no', 'no'],
    ['es', 'no', 'no'],
    ['es', 'el martes', null],
    ['en', 'Yes please', 'yes'],
    ['en', "no, that's wrong", 'no'],
    ['en', 'no problem', 'yes'],
  ])('%s: "%s" is %s', (language, text, value) => {
    expect(read({ kind: 'yes_no' }, text, language)).toBe(value);
  });
});

describe('keys', () => {
  it('spell numbers, dates, times, telephones and answers', () => {
    expect(readKeys({ kind: 'number', max: 20 }, '12#', today)).toBe('12');
    expect(readKeys({ kind: 'number', max: 20 }, '21', today)).toBeNull();
    expect(readKeys({ kind: 'date' }, '1512', today)).toBe('2026-12-15');
    expect(readKeys({ kind: 'date' }, '0101', today)).toBe('2027-01-01');
    expect(readKeys({ kind: 'time' }, '1630', today)).toBe('16:30');
    expect(readKeys({ kind: 'time' }, '2570', today)).toBeNull();
    expect(readKeys({ kind: 'phone' }, '600123456', today)).toBe('600123456');
    expect(readKeys({ kind: 'yes_no' }, '2', today)).toBe('no');
    expect([keysMax({ kind: 'number', max: 20 }), keysMax({ kind: 'text' })]).toEqual([2, 0]);
  });
});

describe('values that a model wrote', () => {
  const options = { language: 'es', today };

  it('are taken in the stored form or as they would be said', () => {
    const choice: SlotType = { kind: 'choice', values: [{ value: 'facial', phrases: ['limpieza de cara'] }] };
    expect(acceptValue(choice, 'facial', options)).toBe('facial');
    expect(acceptValue(choice, 'Limpieza de cara', options)).toBe('facial');
    expect(acceptValue(choice, 'piercing', options)).toBeNull();
    expect(acceptValue({ kind: 'date' }, '2026-12-15', options)).toBe('2026-12-15');
    expect(acceptValue({ kind: 'date' }, '2030-12-15', options)).toBeNull();
    expect(acceptValue({ kind: 'text', maxCharacters: 3 }, ' Ana ', options)).toBe('Ana');
    expect(acceptValue({ kind: 'text', maxCharacters: 3 }, 'Anabel', options)).toBeNull();
  });
});

describe('what is said of a value', () => {
  it('is a date in words, an hour, digits in groups', () => {
    expect(sayValue({ kind: 'date' }, '2026-12-15', 'es')).toBe('martes, 15 de diciembre');
    expect(sayValue({ kind: 'date' }, '2026-12-15', 'en')).toBe('Tuesday, December 15');
    expect(sayValue({ kind: 'time' }, '09:30', 'es')).toBe('9:30');
    expect(sayValue({ kind: 'time' }, '16:30', 'en').replaceAll(/\s/g, ' ')).toBe('4:30 PM');
    expect(sayValue({ kind: 'phone' }, '600123456', 'es')).toBe('600 123 456');
    expect(sayValue({ kind: 'yes_no' }, 'yes', 'es')).toBe('sí');
    expect(sayValue(undefined, 'as it is', 'es')).toBe('as it is');
  });
});
