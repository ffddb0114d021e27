// Times of day as people say them, in Spanish and English.
import { numberAt, phraseEndAt } from './spoken-number.ts';
import type { Spoken, SpokenLanguage } from './spoken-number.ts';

export type TimeOptions = {
  readonly language: SpokenLanguage;
  /** Whether a bare number ("ten") is a time here, because a time was asked for. */
  readonly isAsked: boolean;
  /** Whether a time such as `16:30` is possible here; of "four" in the morning and in the afternoon the possible one is meant. */
  readonly isPossible: (time: string) => boolean;
};

/** The first time of day among the words, as `16:30`. */
export function findTime(words: readonly string[], options: TimeOptions): Spoken<string> | null {
  const isShort = words.filter((word) => word !== '').length <= 4;
  for (const at of words.keys()) {
    const found = options.language === 'es' ? spanishAt(words, at) : englishAt(words, at);
    if (found === null || (!found.isClear && !(options.isAsked && isShort))) continue;
    const value = timeOf(found, options);
    if (value !== null) return { value, start: found.start, end: found.end };
  }
  return null;
}

type DayPart = 'morning' | 'afternoon' | 'night' | 'midday';
/** `isClear`: the words can mean nothing but a time. */
type Found = { hour: number; minute: number; part: DayPart | null; isClear: boolean; start: number; end: number };

/** A clock without "morning" or "afternoon": the first of its two hours that is possible; of both, the one between eight and eight. */
function timeOf({ hour, minute, part }: Found, { isPossible }: TimeOptions): string | null {
  if (hour > 24 || minute > 59) return null;
  const at = (value: number) => `${String(value % 24).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
  if (hour > 12 || hour === 0) return at(hour);
  const early = hour % 12;
  switch (part) {
    case 'morning':
      return at(early);
    case 'midday':
      return at(hour === 12 ? 12 : early + 12);
    case 'afternoon':
      return at(early + 12);
    case 'night':
      // "Twelve at night" is midnight, "one at night" comes after it, "nine at night" is before it.
      return at(hour === 12 ? 0 : hour < 5 ? early : early + 12);
    case null: {
      const likely = hour >= 8 && hour < 12 ? [at(early), at(early + 12)] : [at(early + 12), at(early)];
      return likely.find(isPossible) ?? likely[0] ?? null;
    }
  }
}

function spanishAt(words: readonly string[], start: number): Found | null {
  const named = phraseEndAt(words, start, ['a mediodia', 'al mediodia', 'mediodia', 'el mediodia']);
  if (named !== null) return { hour: 12, minute: 0, part: 'midday', isClear: true, start, end: named };
  const midnight = phraseEndAt(words, start, ['a medianoche', 'medianoche']);
  if (midnight !== null) return { hour: 0, minute: 0, part: null, isClear: true, start, end: midnight };
  const lead = phraseEndAt(words, start, ['a las', 'a la', 'las', 'sobre las', 'hacia las', 'para las']);
  const hour = clockAt(words, lead ?? start, 'es');
  if (hour === null || (lead === null && words[start] !== undefined && /^(un|una|uno|primer|primero)$/.test(words[start]))) return null;
  const { minute, carry, end: minuteEnd } = spanishMinutes(words, hour.end, hour.minute);
  const plain = phraseEndAt(words, minuteEnd, ['en punto', 'horas', 'h']) ?? minuteEnd;
  const part = partAt(words, plain, SPANISH_PARTS) ?? { part: hour.part, end: plain };
  const isClear = lead !== null || part.part !== null || plain > minuteEnd || hour.minute !== null || carry !== 0;
  return { hour: hour.value + carry, minute, part: part.part, isClear, start, end: part.end };
}

function spanishMinutes(words: readonly string[], at: number, given: number | null): { minute: number; carry: number; end: number } {
  if (given !== null) return { minute: given, carry: 0, end: at };
  const half = phraseEndAt(words, at, ['y media']);
  if (half !== null) return { minute: 30, carry: 0, end: half };
  const sign = words[at] === 'menos' ? -1 : 1;
  const from = words[at] === 'y' || words[at] === 'menos' ? at + 1 : at;
  const quarter = words[from] === 'cuarto' ? { value: 15, end: from + 1 } : numberAt(words, from, 'es');
  if (quarter === null || quarter.value > 59 || (from === at && quarter.value < 10)) return { minute: 0, carry: 0, end: at };
  return sign === 1 ? { minute: quarter.value, carry: 0, end: quarter.end } : { minute: 60 - quarter.value, carry: -1, end: quarter.end };
}

function englishAt(words: readonly string[], start: number): Found | null {
  const noon = phraseEndAt(words, start, ['at noon', 'noon', 'midday', 'at midday']);
  if (noon !== null) return { hour: 12, minute: 0, part: 'midday', isClear: true, start, end: noon };
  const midnight = phraseEndAt(words, start, ['at midnight', 'midnight']);
  if (midnight !== null) return { hour: 0, minute: 0, part: null, isClear: true, start, end: midnight };
  const lead = phraseEndAt(words, start, ['at', 'around', 'about', 'at around', 'at about']);
  const from = lead ?? start;
  const relative = relativeEnglish(words, from);
  const hour = clockAt(words, relative?.end ?? from, 'en');
  if (hour === null) return null;
  const spoken = relative === null && hour.minute === null ? numberAt(words, hour.end, 'en') : null;
  const isMinute = spoken !== null && spoken.value <= 59 && (spoken.value >= 10 || words[hour.end] === 'oh');
  const minute = relative?.minute ?? hour.minute ?? (isMinute ? spoken.value : 0);
  const minuteEnd = isMinute ? spoken.end : hour.end;
  const plain = phraseEndAt(words, minuteEnd, ['o clock', 'oclock']) ?? minuteEnd;
  const part = partAt(words, plain, ENGLISH_PARTS) ?? { part: hour.part, end: plain };
  const isClear = lead !== null || relative !== null || part.part !== null || plain > minuteEnd || hour.minute !== null;
  return { hour: hour.value + (relative?.carry ?? 0), minute, part: part.part, isClear, start, end: part.end };
}

/** "half past", "quarter to", "ten past": the minutes before the hour that follows. */
function relativeEnglish(words: readonly string[], at: number): { minute: number; carry: number; end: number } | null {
  const from = words[at] === 'a' ? at + 1 : at;
  const amount = words[from] === 'half' ? 30 : words[from] === 'quarter' ? 15 : null;
  const number = amount === null ? numberAt(words, from, 'en') : { value: amount, end: from + 1 };
  if (number === null || number.value > 30 || number.value === 0) return null;
  if (words[number.end] === 'past') return { minute: number.value, carry: 0, end: number.end + 1 };
  return words[number.end] === 'to' ? { minute: 60 - number.value, carry: -1, end: number.end + 1 } : null;
}

/** The hour at a word; of "10:30", "1630", "10am" or "16h" the rest as well. */
function clockAt(
  words: readonly string[],
  at: number,
  language: SpokenLanguage,
): { value: number; minute: number | null; part: DayPart | null; end: number } | null {
  const glued = /^(\d{1,2})(am|pm|h)$/.exec(words[at] ?? '');
  if (glued !== null) return { value: Number(glued[1]), minute: glued[2] === 'h' ? 0 : null, part: partOf(glued[2]), end: at + 1 };
  const minutes = /^([0-5]\d)(am|pm|h)?$/.exec(words[at + 1] ?? '');
  if (/^\d{1,2}$/.test(words[at] ?? '') && minutes !== null && Number(words[at]) <= 24) {
    return { value: Number(words[at]), minute: Number(minutes[1]), part: partOf(minutes[2]), end: at + 2 };
  }
  const number = numberAt(words, at, language);
  if (number === null || number.value > 24) return null;
  return { value: number.value, minute: null, part: null, end: number.end };
}

function partOf(mark: string | undefined): DayPart | null {
  return mark === 'am' ? 'morning' : mark === 'pm' ? 'afternoon' : null;
}

const SPANISH_PARTS: readonly (readonly [DayPart, readonly string[]])[] = [
  ['morning', ['de la manana', 'por la manana', 'de la madrugada', 'am', 'a m']],
  ['afternoon', ['de la tarde', 'por la tarde', 'pm', 'p m']],
  ['night', ['de la noche', 'por la noche']],
  ['midday', ['del mediodia', 'de mediodia']],
];
const ENGLISH_PARTS: readonly (readonly [DayPart, readonly string[]])[] = [
  ['morning', ['in the morning', 'am', 'a m']],
  ['afternoon', ['in the afternoon', 'in the evening', 'pm', 'p m']],
  ['night', ['at night']],
];

function partAt(words: readonly string[], at: number, parts: typeof SPANISH_PARTS): { part: DayPart; end: number } | null {
  for (const [part, phrases] of parts) {
    const end = phraseEndAt(words, at, phrases);
    if (end !== null) return { part, end };
  }
  return null;
}
