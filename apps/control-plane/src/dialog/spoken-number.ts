// Numbers as people say them, in Spanish and English: a transcript may write "quince", "15" or "fifteenth".
import { isSpanish } from '#shared/text-language.ts';
import { findLongestPhrase } from './phrase-match.ts';

/** Something understood among words: its value, and which words it used. */
export type Spoken<Value> = { readonly value: Value; readonly start: number; readonly end: number };

/** The languages whose numbers, dates and times are known; every other one is read as English, in which digits at least are the same. */
export type SpokenLanguage = 'es' | 'en';

/** The known language of a tag such as `es-MX`. */
export function spokenLanguage(tag: string): SpokenLanguage {
  return isSpanish(tag) ? 'es' : 'en';
}

const NUMBER_WORDS: Readonly<Record<SpokenLanguage, ReadonlyMap<string, number>>> = {
  es: named({
    '0': 'cero',
    '1': 'uno un una primero primer',
    ...counted(
      2,
      'dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis diecisiete dieciocho diecinueve',
    ),
    ...counted(20, 'veinte veintiuno veintidos veintitres veinticuatro veinticinco veintiseis veintisiete veintiocho veintinueve'),
    ...tens(30, 'treinta cuarenta cincuenta sesenta setenta ochenta noventa'),
    '21 ': 'veintiun veintiuna',
    '100': 'cien ciento',
    ...hundreds('doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos'),
    ...hundreds('doscientas trescientas cuatrocientas quinientas seiscientas setecientas ochocientas novecientas', ' '),
  }),
  en: named({
    '0': 'zero oh',
    ...counted(1, 'one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen'),
    ...counted(18, 'eighteen nineteen'),
    ...tens(20, 'twenty thirty forty fifty sixty seventy eighty ninety'),
    '40 ': 'fourty',
  }),
};
const ORDINALS: ReadonlyMap<string, number> = named({
  ...counted(1, 'first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth'),
  ...counted(16, 'sixteenth seventeenth eighteenth nineteenth twentieth'),
  '30': 'thirtieth',
});

/** The number that starts at a word: digits, or number words up to 999,999. Null when none does. */
export function numberAt(words: readonly string[], at: number, language: SpokenLanguage): Spoken<number> | null {
  const digits = /^(\d{1,9})(st|nd|rd|th)?$/.exec(words[at] ?? '');
  if (digits !== null) return { value: Number(digits[1]), start: at, end: at + 1 };
  const thousands = belowThousand(words, at, language);
  const word = language === 'es' ? 'mil' : 'thousand';
  if (thousands === null)
    return words[at] === 'mil' && language === 'es' ? withThousands(words, { value: 1, start: at, end: at + 1 }, language) : null;
  if (words[thousands.end] !== word || thousands.value === 0) return thousands;
  return withThousands(words, { ...thousands, end: thousands.end + 1 }, language);
}

/** The first whole number among the words; groups of three digits are one number ("1,500"). */
export function findNumber(words: readonly string[], language: SpokenLanguage): Spoken<number> | null {
  for (const at of words.keys()) {
    const found = numberAt(words, at, language);
    if (found !== null) return withGroups(words, found);
  }
  return null;
}

/** The day that an ordinal says, such as "fifteenth" or "twenty first"; null when none starts there. */
export function ordinalAt(words: readonly string[], at: number): Spoken<number> | null {
  const word = words[at] ?? '';
  const plain = ORDINALS.get(word);
  if (plain !== undefined) return { value: plain, start: at, end: at + 1 };
  const ten = NUMBER_WORDS.en.get(word) ?? 0;
  const unit = ORDINALS.get(words[at + 1] ?? '');
  return (ten === 20 || ten === 30) && unit !== undefined && unit < 10 ? { value: ten + unit, start: at, end: at + 2 } : null;
}

/** The longest run of digits, said one by one, in groups or keyed; at least `minDigits`. A leading "plus" is kept as +. */
export function findDigits(words: readonly string[], language: SpokenLanguage, minDigits: number): Spoken<string> | null {
  let best: Spoken<string> | null = null;
  for (let at = 0; at < words.length; at += 1) {
    const run = digitsFrom(words, at, language);
    if (run === null) continue;
    if (countOf(run.value) >= minDigits && countOf(run.value) > countOf(best?.value ?? '')) best = run;
    at = run.end - 1;
  }
  return best;
}

const PLUS: Readonly<Record<SpokenLanguage, string>> = { es: 'mas', en: 'plus' };
const AGAIN: Readonly<Record<SpokenLanguage, ReadonlyMap<string, number>>> = {
  es: new Map([
    ['doble', 2],
    ['triple', 3],
  ]),
  en: new Map([
    ['double', 2],
    ['triple', 3],
  ]),
};

function digitsFrom(words: readonly string[], start: number, language: SpokenLanguage): Spoken<string> | null {
  let text = '';
  let at = start;
  if (words[at] === PLUS[language]) at += 1;
  for (;;) {
    const times = AGAIN[language].get(words[at] ?? '');
    const word = words[times === undefined ? at : at + 1] ?? '';
    const number = /^\d{1,15}$/.test(word) ? null : numberAt(words, times === undefined ? at : at + 1, language);
    if (number === null && !/^\d{1,15}$/.test(word)) break;
    text += (number === null ? word : String(number.value)).repeat(times ?? 1);
    at = number?.end ?? at + (times === undefined ? 1 : 2);
  }
  if (text === '') return null;
  return { value: words[start] === PLUS[language] ? `+${text}` : text, start, end: at };
}

function countOf(digits: string): number {
  return digits.replace('+', '').length;
}

/** Number words below a thousand, as far as they belong together: "treinta y cinco", "two hundred and five"; not "diez quince". */
function belowThousand(words: readonly string[], at: number, language: SpokenLanguage): Spoken<number> | null {
  const named = NUMBER_WORDS[language];
  const first = named.get(words[at] ?? '');
  if (first === undefined) return null;
  if (language === 'en' && words[at + 1] === 'hundred' && first > 0 && first < 10) {
    const from = words[at + 2] === 'and' ? at + 3 : at + 2;
    const rest = belowHundred(words, from, language);
    return { value: first * 100 + (rest?.value ?? 0), start: at, end: rest?.end ?? at + 2 };
  }
  if (first < 100) return belowHundred(words, at, language);
  const rest = belowHundred(words, at + 1, language);
  return { value: first + (rest?.value ?? 0), start: at, end: rest?.end ?? at + 1 };
}

function belowHundred(words: readonly string[], at: number, language: SpokenLanguage): Spoken<number> | null {
  const named = NUMBER_WORDS[language];
  const first = named.get(words[at] ?? '');
  if (first === undefined || first >= 100) return null;
  const isTen = first >= (language === 'es' ? 30 : 20) && first % 10 === 0;
  const unitAt = language === 'es' ? at + 2 : at + 1;
  const joined = language === 'en' || words[at + 1] === 'y';
  const unit = isTen && joined ? named.get(words[unitAt] ?? '') : undefined;
  return unit !== undefined && unit > 0 && unit < 10
    ? { value: first + unit, start: at, end: unitAt + 1 }
    : { value: first, start: at, end: at + 1 };
}

function withThousands(words: readonly string[], thousands: Spoken<number>, language: SpokenLanguage): Spoken<number> {
  const rest = belowThousand(words, thousands.end, language);
  return { value: thousands.value * 1_000 + (rest?.value ?? 0), start: thousands.start, end: rest?.end ?? thousands.end };
}

function withGroups(words: readonly string[], first: Spoken<number>): Spoken<number> {
  if (!/^[1-9]\d{0,2}$/.test(words[first.start] ?? '')) return first;
  let { value, end } = first;
  while (/^\d{3}$/.test(words[end] ?? '') && value < 1_000_000) {
    value = value * 1_000 + Number(words[end]);
    end += 1;
  }
  return { value, start: first.start, end };
}

/** Where one of the phrases stands exactly at a word; the end of the longest. */
export function phraseEndAt(words: readonly string[], at: number, phrases: readonly string[]): number | null {
  const ends = phrases.map((phrase) => phrase.split(' ')).filter((parts) => parts.every((part, offset) => words[at + offset] === part));
  return ends.length === 0 ? null : at + Math.max(...ends.map((parts) => parts.length));
}

/** `yes` or `no`. Who says both has not agreed. */
export function findYesNo(words: readonly string[], language: SpokenLanguage): Spoken<'yes' | 'no'> | null {
  const yes = findLongestPhrase(words, YES[language]);
  const no = findLongestPhrase(words, NO[language]);
  if (yes !== null && (no === null || (yes.start <= no.start && yes.end >= no.end)))
    return { value: 'yes', start: yes.start, end: yes.end };
  return no === null ? null : { value: 'no', start: no.start, end: no.end };
}

const YES: Readonly<Record<SpokenLanguage, readonly string[]>> = {
  es: [
    'sí',
    'claro',
    'correcto',
    'de acuerdo',
    'vale',
    'por supuesto',
    'cómo no',
    'perfecto',
    'exacto',
    'eso es',
    'así es',
    'confirmo',
    'ok',
  ],
  en: [
    'yes',
    'yeah',
    'yep',
    'sure',
    'correct',
    'of course',
    'that is right',
    "that's right",
    'why not',
    'no problem',
    'perfect',
    'go ahead',
    'ok',
    'okay',
  ],
};
const NO: Readonly<Record<SpokenLanguage, readonly string[]>> = {
  es: ['no', 'incorrecto', 'para nada', 'tampoco', 'mejor no', 'está mal'],
  en: ['no', 'nope', 'not', "don't", 'wrong', 'incorrect'],
};

function named(byValue: Readonly<Record<string, string>>): ReadonlyMap<string, number> {
  return new Map(Object.entries(byValue).flatMap(([value, words]) => words.split(' ').map((word) => [word, Number(value)] as const)));
}

function counted(from: number, words: string): Record<string, string> {
  return Object.fromEntries(words.split(' ').map((word, index) => [String(from + index), word]));
}

function tens(from: number, words: string): Record<string, string> {
  return Object.fromEntries(words.split(' ').map((word, index) => [String(from + index * 10), word]));
}

/** `mark` keeps the keys of two genders apart; a number is read from them either way. */
function hundreds(words: string, mark = ''): Record<string, string> {
  return Object.fromEntries(words.split(' ').map((word, index) => [`${200 + index * 100}${mark}`, word]));
}
