import { describe, expect, it } from 'vitest';
import { spokenDate, spokenMoment, spokenTime } from './spoken-time.ts';

const today = '2026-03-02';

describe('moments as people say them', () => {
  it.each([
    ['10:00', 'a las diez de la mañana', 'at ten in the morning'],
    ['10:30', 'a las diez y media de la mañana', 'at ten thirty in the morning'],
    ['11:15', 'a las once y cuarto de la mañana', 'at eleven fifteen in the morning'],
    ['12:00', 'a las doce del mediodía', 'at noon'],
    ['13:05', 'a la una y cinco de la tarde', 'at one oh five in the afternoon'],
    ['16:45', 'a las cuatro y cuarenta y cinco de la tarde', 'at four forty-five in the afternoon'],
    ['19:22', 'a las siete y veintidós de la tarde', 'at seven twenty-two in the evening'],
    ['20:40', 'a las ocho y cuarenta de la noche', 'at eight forty in the evening'],
    ['23:00', 'a las once de la noche', 'at eleven at night'],
    ['00:00', 'a las doce de la noche', 'at midnight'],
    ['00:30', 'a las doce y media de la noche', 'at twelve thirty at night'],
    ['05:50', 'a las cinco y cincuenta de la madrugada', 'at five fifty in the morning'],
  ])('%s is "%s" and "%s"', (time, spanish, english) => {
    expect(spokenTime(time, 'es-MX')).toBe(spanish);
    expect(spokenTime(time, 'en-US')).toBe(english);
  });

  it.each([
    ['2026-03-02', 'hoy lunes 2', 'today, Monday the 2nd'],
    ['2026-03-03', 'mañana martes 3', 'tomorrow, Tuesday the 3rd'],
    ['2026-03-10', 'el martes 10', 'Tuesday the 10th'],
    ['2026-03-21', 'el sábado 21', 'Saturday the 21st'],
    ['2026-03-12', 'el jueves 12', 'Thursday the 12th'],
    ['2026-05-01', 'el viernes 1 de mayo', 'Friday the 1st of May'],
    ['2027-03-02', 'el martes 2 de marzo de 2027', 'Tuesday the 2nd of March 2027'],
  ])('%s is "%s" and "%s"', (date, spanish, english) => {
    expect(spokenDate(date, today, 'es-ES')).toBe(spanish);
    expect(spokenDate(date, today, 'en')).toBe(english);
  });

  it('are a date and a time', () => {
    expect(spokenMoment({ date: '2026-03-10', time: '10:00' }, today, 'es')).toBe('el martes 10 a las diez de la mañana');
  });
});
