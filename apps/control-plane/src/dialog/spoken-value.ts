// The value of a slot: found in what a caller says or keys, held to the slot's limits, and said again.
import type { SlotType, SlotValue } from '#ports/agent-profile.ts';
import { addDays } from '#shared/opening-hours.ts';
import { plainWords } from '#shared/plain-words.ts';
import { findLongestPhrase, phrasesOf } from './phrase-match.ts';
import { dateOf, findDate } from './spoken-date.ts';
import { findDigits, findNumber, findYesNo, spokenLanguage } from './spoken-number.ts';
import type { Spoken } from './spoken-number.ts';
import { findTime } from './spoken-time.ts';

/** What is known when words are read. */
export type ValueOptions = {
  /** Language tag of the caller. */
  readonly language: string;
  /** The day that "tomorrow" is counted from. */
  readonly today: string;
  /** Whether this slot was just asked for: then fewer words are enough. */
  readonly isAsked: boolean;
};

/** What a slot makes of words: a value within its limits, one outside (`invalid`), or nothing. */
export type ReadValue = { readonly kind: 'value' | 'invalid'; readonly value: string; readonly start: number; readonly end: number };

/** Looks for a value of this type. A text is not looked for: whoever asks knows which words are left for it. */
export function readValue(type: SlotType, words: readonly string[], options: ValueOptions): ReadValue | null {
  const found = findIn(type, words, options);
  return found === null ? null : { ...found, kind: isWithinLimits(type, found.value, options.today) ? 'value' : 'invalid' };
}

/** The value that keys spell: DDMM, HHMM (24 hours), digits, 1 for yes and 2 for no. `#` ends them. Null when they spell none. */
export function readKeys(type: SlotType, keys: string, today: string): string | null {
  const digits = keys.replace(/#.*$/, '');
  const value = /^[0-9]+$/.test(digits) ? keyedValue(type, digits, today) : null;
  return value !== null && isWithinLimits(type, value, today) ? value : null;
}

/** The most keys that a value of this type takes; 0 for types that take none. */
export function keysMax(type: SlotType): number {
  switch (type.kind) {
    case 'number':
      return String(type.max ?? NUMBER_MAX).length;
    case 'date':
    case 'time':
      return 4;
    case 'phone':
      return type.maxDigits ?? PHONE_DIGITS.max;
    case 'yes_no':
      return 1;
    case 'choice':
    case 'text':
      return 0;
  }
}

/** A value as a model or a program wrote it, in the stored form; null when it is none of this type or outside its limits. */
export function acceptValue(type: SlotType, text: string, options: Omit<ValueOptions, 'isAsked'>): string | null {
  const trimmed = text.trim();
  if (type.kind === 'text') return isWithinLimits(type, trimmed, options.today) ? trimmed : null;
  const stored = type.kind === 'choice' ? type.values.find(({ value }) => value === trimmed)?.value : undefined;
  if (stored !== undefined) return stored;
  const read = readValue(type, plainWords(trimmed), { ...options, isAsked: true });
  return read?.kind === 'value' ? read.value : null;
}

/** A stored value as it is said: "martes, 15 de diciembre". */
export function sayValue(type: SlotType | undefined, value: string, language: string): string {
  switch (type?.kind) {
    case 'date':
      return new Intl.DateTimeFormat(language, { weekday: 'long', day: 'numeric', month: 'long', timeZone: 'UTC' }).format(new Date(value));
    case 'time':
      return spokenLanguage(language) === 'es'
        ? value.replace(/^0/, '')
        : new Intl.DateTimeFormat(language, { hour: 'numeric', minute: '2-digit', timeZone: 'UTC' }).format(
            new Date(`2000-01-01T${value}Z`),
          );
    case 'phone':
      // Groups of three: a synthetic voice reads a long number as a quantity.
      return value.replaceAll(/(\d{3})(?=\d)/g, '$1 ');
    case 'yes_no':
      return spokenLanguage(language) === 'es' ? (value === 'yes' ? 'sí' : 'no') : value;
    case 'choice':
    case 'text':
    case 'number':
    case undefined:
      return value;
  }
}

/** Longest number taken: more digits than a whole number that people say. */
const NUMBER_MAX = 999_999_999;
const PHONE_DIGITS = { min: 7, max: 15 } as const;
const DATE_DAYS = { from: 0, to: 365 } as const;
const TEXT_CHARACTERS = { min: 1, max: 500 } as const;

function findIn(type: SlotType, words: readonly string[], options: ValueOptions): Spoken<string> | null {
  const language = spokenLanguage(options.language);
  switch (type.kind) {
    case 'choice':
      return findChoice(type.values, words);
    case 'date':
      return findDate(words, { ...options, language, isMonthFirst: /^en(-US)?$/i.test(options.language) });
    case 'time':
      return findTime(words, { ...options, language, isPossible: (time) => isWithinLimits(type, time, options.today) });
    case 'phone':
      // Not asked for, only what can be nothing else is a telephone number.
      return findDigits(words, language, options.isAsked ? 1 : 9);
    case 'number': {
      const found = options.isAsked ? findNumber(words, language) : null;
      return found === null ? null : { ...found, value: String(found.value) };
    }
    case 'yes_no':
      return options.isAsked ? findYesNo(words, language) : null;
    case 'text':
      return null;
  }
}

/** The value with the longest phrase among the words. */
function findChoice(values: readonly SlotValue[], words: readonly string[]): Spoken<string> | null {
  let best: (Spoken<string> & { length: number }) | null = null;
  for (const { value, phrases } of values) {
    const match = findLongestPhrase(words, phrasesOf(phrases));
    if (match !== null && match.length > (best?.length ?? 0)) best = { ...match, value };
  }
  return best;
}

function keyedValue(type: SlotType, digits: string, today: string): string | null {
  switch (type.kind) {
    case 'number':
      return String(Number(digits));
    case 'phone':
      return digits;
    case 'yes_no':
      return digits === '1' ? 'yes' : digits === '2' ? 'no' : null;
    case 'time':
      return /^([01]\d|2[0-3])[0-5]\d$/.test(digits) ? `${digits.slice(0, 2)}:${digits.slice(2)}` : null;
    case 'date': {
      if (digits.length !== 4) return null;
      const [day, month, year] = [Number(digits.slice(0, 2)), Number(digits.slice(2)), Number(today.slice(0, 4))];
      return [dateOf(year, month, day), dateOf(year + 1, month, day)].find((date) => date !== null && date >= today) ?? null;
    }
    case 'choice':
    case 'text':
      return null;
  }
}

function isWithinLimits(type: SlotType, value: string, today: string): boolean {
  switch (type.kind) {
    case 'text':
      return value.length >= (type.minCharacters ?? TEXT_CHARACTERS.min) && value.length <= (type.maxCharacters ?? TEXT_CHARACTERS.max);
    case 'number':
      return Number(value) >= (type.min ?? 0) && Number(value) <= (type.max ?? NUMBER_MAX);
    case 'date':
      return value >= addDays(today, type.fromDays ?? DATE_DAYS.from) && value <= addDays(today, type.toDays ?? DATE_DAYS.to);
    case 'time':
      return value >= (type.from ?? '00:00') && value <= (type.to ?? '23:59');
    case 'phone': {
      const digits = value.replace('+', '').length;
      return digits >= (type.minDigits ?? PHONE_DIGITS.min) && digits <= (type.maxDigits ?? PHONE_DIGITS.max);
    }
    case 'choice':
    case 'yes_no':
      return true;
  }
}
