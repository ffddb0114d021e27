// Dates and times as people say them: a voice reads "10:30" as digits, and nobody books "two thousand twenty-six dash three".
import type { WallTime } from '#shared/opening-hours.ts';
import { addDays } from '#shared/opening-hours.ts';
import { isSpanish } from '#shared/text-language.ts';

const SPANISH_NUMBERS = words(
  'cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve',
  'veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve',
);
const SPANISH_TENS = ['', '', '', 'treinta', 'cuarenta', 'cincuenta'];
const ENGLISH_NUMBERS = words(
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen',
);
const ENGLISH_TENS = ['', '', 'twenty', 'thirty', 'forty', 'fifty'];

/** `mañana martes 3 a las diez y media de la mañana`, `Tuesday the 3rd of June at ten thirty in the morning`. `today` is the place's date. */
export function spokenMoment(moment: WallTime, today: string, language: string): string {
  return `${spokenDate(moment.date, today, language)} ${spokenTime(moment.time, language)}`;
}

/** `hoy lunes 2`, `el martes 3`, `el viernes 1 de mayo`; `Tuesday the 3rd`. The month is said when it is not this one, the year when it is not this one. */
export function spokenDate(date: string, today: string, language: string): string {
  const part = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(isSpanish(language) ? 'es' : 'en', { ...options, timeZone: 'UTC' }).format(new Date(`${date}T12:00:00Z`));
  const day = Number(date.slice(8));
  const isOtherYear = date.slice(0, 4) !== today.slice(0, 4);
  const isOtherMonth = isOtherYear || date.slice(5, 7) !== today.slice(5, 7);
  const weekday = part({ weekday: 'long' });
  if (isSpanish(language)) {
    const near = date === today ? 'hoy' : date === addDays(today, 1) ? 'mañana' : 'el';
    return `${near} ${weekday} ${day}${isOtherMonth ? ` de ${part({ month: 'long' })}` : ''}${isOtherYear ? ` de ${date.slice(0, 4)}` : ''}`;
  }
  const near = date === today ? 'today, ' : date === addDays(today, 1) ? 'tomorrow, ' : '';
  return `${near}${weekday} the ${ordinal(day)}${isOtherMonth ? ` of ${part({ month: 'long' })}` : ''}${isOtherYear ? ` ${date.slice(0, 4)}` : ''}`;
}

/** `a las diez y media de la mañana`, `a la una de la tarde`; `at ten thirty in the morning`, `at noon`. */
export function spokenTime(time: string, language: string): string {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  return isSpanish(language) ? spanishTime(hour, minute) : englishTime(hour, minute);
}

function spanishTime(hour: number, minute: number): string {
  const spokenHour = hour % 12 === 0 ? 12 : hour % 12;
  const name = spokenHour === 1 ? 'a la una' : `a las ${spanishNumber(spokenHour)}`;
  return `${name}${spanishMinutes(minute)} ${spanishPartOfDay(hour)}`;
}

function spanishMinutes(minute: number): string {
  if (minute === 0) return '';
  if (minute === 15) return ' y cuarto';
  return minute === 30 ? ' y media' : ` y ${spanishNumber(minute)}`;
}

function spanishPartOfDay(hour: number): string {
  if (hour === 0 || hour >= 20) return 'de la noche';
  if (hour < 6) return 'de la madrugada';
  if (hour < 12) return 'de la mañana';
  return hour === 12 ? 'del mediodía' : 'de la tarde';
}

function englishTime(hour: number, minute: number): string {
  if (minute === 0 && hour % 12 === 0) return hour === 0 ? 'at midnight' : 'at noon';
  const spokenHour = englishNumber(hour % 12 === 0 ? 12 : hour % 12);
  const minutes = minute === 0 ? '' : minute < 10 ? ` oh ${englishNumber(minute)}` : ` ${englishNumber(minute)}`;
  return `at ${spokenHour}${minutes} ${englishPartOfDay(hour)}`;
}

function englishPartOfDay(hour: number): string {
  if (hour === 0 || hour >= 21) return 'at night';
  if (hour < 12) return 'in the morning';
  return hour < 18 ? 'in the afternoon' : 'in the evening';
}

function spanishNumber(number: number): string {
  const ones = number % 10;
  return SPANISH_NUMBERS[number] ?? `${SPANISH_TENS[(number - ones) / 10] ?? ''}${ones === 0 ? '' : ` y ${SPANISH_NUMBERS[ones] ?? ''}`}`;
}

function englishNumber(number: number): string {
  const ones = number % 10;
  return ENGLISH_NUMBERS[number] ?? `${ENGLISH_TENS[(number - ones) / 10] ?? ''}${ones === 0 ? '' : `-${ENGLISH_NUMBERS[ones] ?? ''}`}`;
}

function ordinal(day: number): string {
  if (day >= 11 && day <= 13) return `${day}th`;
  return `${day}${['th', 'st', 'nd', 'rd'][day % 10] ?? 'th'}`;
}

function words(...lines: readonly string[]): string[] {
  return lines.flatMap((line) => line.split(' '));
}
