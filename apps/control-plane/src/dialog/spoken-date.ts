// Dates as people say them, in Spanish and English, counted from the day of the conversation.
import { addDays } from '#shared/opening-hours.ts';
import { numberAt, ordinalAt, phraseEndAt } from './spoken-number.ts';
import type { Spoken, SpokenLanguage } from './spoken-number.ts';

export type DateOptions = {
  readonly language: SpokenLanguage;
  /** Whether 12/15 is the 15th of December, as in the United States. */
  readonly isMonthFirst: boolean;
  /** Whether a bare number ("the fifteen") is a day here, because a date was asked for. */
  readonly isAsked: boolean;
  /** The day of the conversation, such as `2026-12-31`. */
  readonly today: string;
};

/** The first date among the words, as `2026-12-31`; without a year, the next one from today on. */
export function findDate(words: readonly string[], options: DateOptions): Spoken<string> | null {
  for (const read of [fullDateAt, relativeAt, weekdayAt, dayAt]) {
    for (const at of words.keys()) {
      const found = read(words, at, options);
      if (found !== null) return { ...found, start: leadOf(words, found.start) };
    }
  }
  return null;
}

/** The date, or null when the calendar has no such day. */
export function dateOf(year: number, month: number, day: number): string | null {
  const date = `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
  const parsed = Date.parse(date);
  return Number.isNaN(parsed) || new Date(parsed).toISOString().slice(0, 10) !== date ? null : date;
}

const MONTHS: Readonly<Record<SpokenLanguage, readonly string[]>> = {
  es: 'enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre'.split(' '),
  en: 'january february march april may june july august september october november december'.split(' '),
};
/** Sunday is 0, as in `Date`. */
const WEEKDAYS: Readonly<Record<SpokenLanguage, readonly string[]>> = {
  es: 'domingo lunes martes miercoles jueves viernes sabado'.split(' '),
  en: 'sunday monday tuesday wednesday thursday friday saturday'.split(' '),
};

/** A weekday or an article before a date belongs to it: "martes 15 de diciembre". */
function leadOf(words: readonly string[], start: number): number {
  let at = start;
  while (/^(el|dia|the|on|para|for)$/.test(words[at - 1] ?? '')) at -= 1;
  return [...WEEKDAYS.es, ...WEEKDAYS.en].includes(words[at - 1] ?? '') ? at - 1 : at;
}

function fullDateAt(words: readonly string[], at: number, options: DateOptions): Spoken<string> | null {
  return numericAt(words, at, options) ?? dayMonthAt(words, at, options) ?? monthDayAt(words, at, options);
}

/** 2026-12-31, 31/12/2026, 31-12; a transcript's marks are gone by now. */
function numericAt(words: readonly string[], at: number, options: DateOptions): Spoken<string> | null {
  const [one, two, three] = [words[at] ?? '', words[at + 1] ?? '', words[at + 2] ?? ''];
  if (/^\d{4}$/.test(one) && /^\d{1,2}$/.test(two) && /^\d{1,2}$/.test(three)) {
    const value = dateOf(Number(one), Number(two), Number(three));
    return value === null ? null : { value, start: at, end: at + 3 };
  }
  if (!/^\d{1,2}$/.test(one) || !/^\d{1,2}$/.test(two)) return null;
  const hasYear = /^(\d{4}|\d{2})$/.test(three);
  // Two numbers alone may be a time; only where a date was asked for are they one.
  if (!hasYear && (!options.isAsked || /^(las|at)$/.test(words[at - 1] ?? ''))) return null;
  const isMonthFirst = (options.isMonthFirst && Number(one) <= 12) || Number(two) > 12;
  const [day, month] = isMonthFirst ? [Number(two), Number(one)] : [Number(one), Number(two)];
  const year = hasYear ? (three.length === 4 ? Number(three) : 2_000 + Number(three)) : null;
  const value = inYear(year, { month, day, today: options.today });
  return value === null ? null : { value, start: at, end: at + (hasYear ? 3 : 2) };
}

/** "15 de diciembre de 2026", "the 15th of December". */
function dayMonthAt(words: readonly string[], at: number, options: DateOptions): Spoken<string> | null {
  const day = dayNumberAt(words, at, options.language);
  if (day === null) return null;
  const from = /^(de|of)$/.test(words[day.end] ?? '') ? day.end + 1 : day.end;
  const month = MONTHS[options.language].indexOf(words[from] ?? '') + 1;
  return month === 0 ? null : withYear(words, { month, day: day.value, start: at, end: from + 1 }, options);
}

/** "December 15th". */
function monthDayAt(words: readonly string[], at: number, options: DateOptions): Spoken<string> | null {
  const month = MONTHS[options.language].indexOf(words[at] ?? '') + 1;
  if (month === 0 || options.language === 'es') return null;
  const day = dayNumberAt(words, words[at + 1] === 'the' ? at + 2 : at + 1, options.language);
  return day === null ? null : withYear(words, { month, day: day.value, start: at, end: day.end }, options);
}

function withYear(
  words: readonly string[],
  found: { month: number; day: number; start: number; end: number },
  { language, today }: DateOptions,
): Spoken<string> | null {
  const from = /^(de|del|of)$/.test(words[found.end] ?? '') ? found.end + 1 : found.end;
  const year = numberAt(words, from, language);
  const hasYear = year !== null && year.value >= 2_000 && year.value < 2_200;
  const value = inYear(hasYear ? year.value : null, { ...found, today });
  return value === null ? null : { value, start: found.start, end: hasYear ? year.end : found.end };
}

function inYear(year: number | null, { month, day, today }: { month: number; day: number; today: string }): string | null {
  if (year !== null) return dateOf(year, month, day);
  const thisYear = Number(today.slice(0, 4));
  // The 29th of February comes every eight years at the latest.
  const dates = Array.from({ length: 9 }, (_, later) => dateOf(thisYear + later, month, day));
  return dates.find((date) => date !== null && date >= today) ?? null;
}

function relativeAt(words: readonly string[], at: number, { language, today }: DateOptions): Spoken<string> | null {
  const later = (days: number, end: number): Spoken<string> => ({ value: addDays(today, days), start: at, end });
  if (language === 'es') {
    const after = phraseEndAt(words, at, ['pasado manana']);
    if (after !== null) return later(2, after);
    if (words[at] === 'hoy') return later(0, at + 1);
    // "De la mañana" is a part of the day.
    if (words[at] === 'manana' && words[at - 1] !== 'la') return later(1, at + 1);
  } else {
    const after = phraseEndAt(words, at, ['the day after tomorrow', 'day after tomorrow']);
    if (after !== null) return later(2, after);
    if (words[at] === 'today') return later(0, at + 1);
    if (words[at] === 'tomorrow') return later(1, at + 1);
  }
  const from = phraseEndAt(words, at, language === 'es' ? ['dentro de', 'en'] : ['in']);
  const count = from === null ? null : numberAt(words, from, language);
  if (count === null || count.value > 400) return null;
  const unit = words[count.end] ?? '';
  if (/^(dia|dias|day|days)$/.test(unit)) return later(count.value, count.end + 1);
  return /^(semana|semanas|week|weeks)$/.test(unit) ? later(count.value * 7, count.end + 1) : null;
}

const NEXT_WEEK: Readonly<Record<SpokenLanguage, readonly string[]>> = {
  es: ['de la semana que viene', 'de la proxima semana', 'la semana que viene', 'la proxima semana'],
  en: ['of next week', 'next week'],
};

/** The next such day after today; "of next week" that of the week that starts next Monday. */
function weekdayAt(words: readonly string[], at: number, { language, today }: DateOptions): Spoken<string> | null {
  const weekday = WEEKDAYS[language].indexOf(words[at] ?? '');
  if (weekday === -1) return null;
  const now = new Date(Date.parse(today)).getUTCDay();
  const end = phraseEndAt(words, at + 1, NEXT_WEEK[language]);
  if (end !== null) return { value: addDays(today, 7 - ((now + 6) % 7) + ((weekday + 6) % 7)), start: at, end };
  const after = phraseEndAt(words, at + 1, ['que viene', 'proximo']) ?? at + 1;
  return { value: addDays(today, (weekday - now + 7) % 7 || 7), start: at, end: after };
}

/** "El 15", "the fifteenth": the next day of that number. A bare number only where a date was asked for and little else was said. */
function dayAt(words: readonly string[], at: number, { language, isAsked, today }: DateOptions): Spoken<string> | null {
  const day = dayNumberAt(words, at, language);
  if (day === null || day.value < 1 || day.value > 31) return null;
  // Of a month that has no such day.
  if (MONTHS[language].includes(words[/^(de|of)$/.test(words[day.end] ?? '') ? day.end + 1 : day.end] ?? '')) return null;
  const isNamed = words[at - 1] === 'dia' || (language === 'en' && (words[at - 1] === 'the' || ordinalAt(words, at) !== null));
  const isShort = words.filter((word) => word !== '').length <= 3;
  if (!isNamed && !(isAsked && (words[at - 1] === 'el' || isShort))) return null;
  for (let later = 0; later < 12; later += 1) {
    const [year, month] = [Number(today.slice(0, 4)), Number(today.slice(5, 7)) - 1 + later];
    const value = dateOf(year + Math.floor(month / 12), (month % 12) + 1, day.value);
    if (value !== null && value >= today) return { value, start: at, end: day.end };
  }
  return null;
}

function dayNumberAt(words: readonly string[], at: number, language: SpokenLanguage): Spoken<number> | null {
  const day = (language === 'en' ? ordinalAt(words, at) : null) ?? numberAt(words, at, language);
  return day !== null && day.value >= 1 && day.value <= 31 ? day : null;
}
