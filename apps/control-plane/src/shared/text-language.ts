// Words of Spanish and English texts, for search: those with an accent, and which of the two languages a text is in.
import { plainWords, withoutAccents } from './plain-words.ts';

/** Languages whose stems are known here. */
export type TextLanguage = 'es' | 'en';

/** Words that are frequent in one of the two languages and unknown to the other, without accents. */
const functionWords: Readonly<Record<TextLanguage, ReadonlySet<string>>> = {
  es: wordSet(
    'el la los las lo un una unos unas de del al y o que en con por para su sus mi mis tu tus es son era fue esta estan este esto ese eso esa se le les nos si como cuando donde cada desde hasta sobre entre tiene tienen hay muy mas ya pero porque cual cuales quien nuestro nuestra ustedes ellos',
  ),
  en: wordSet(
    'the of and to in is are was were be been you your for with that this these those it its on as at by from or an we our will can could would should do does did have has not if when where what which who how each until about than then there their they them my i me',
  ),
};
/** What is looked at of a long text. */
const SAMPLE_CHARACTERS = 2_000;

/** The language of a text; Spanish where nothing tells. */
export function textLanguage(text: string): TextLanguage {
  return languagesOf(text)[0] as TextLanguage;
}

/** The languages that a text may be in: both where nothing tells, as in a question of one word. */
export function languagesOf(text: string): readonly TextLanguage[] {
  let balance = 0;
  for (const word of plainWords(text.slice(0, SAMPLE_CHARACTERS))) {
    if (functionWords.es.has(word)) balance++;
    if (functionWords.en.has(word)) balance--;
  }
  if (balance === 0) return ['es', 'en'];
  return balance < 0 ? ['en'] : ['es'];
}

/** Whether a language tag (BCP 47) is Spanish of any country. */
export function isSpanish(tag: string): boolean {
  return /^es(-|$)/i.test(tag);
}

/** PostgreSQL's name of what stems a language. */
export function stemmerOf(language: TextLanguage): 'spanish' | 'english' {
  return language === 'en' ? 'english' : 'spanish';
}

/** Whether a plain word only holds a sentence together, in either language. */
export function isFunctionWord(plainWord: string): boolean {
  return functionWords.es.has(plainWord) || functionWords.en.has(plainWord);
}

/** The words of a text that carry an accent, each once, without it; separated by spaces. */
export function unaccentedForms(text: string): string {
  const forms = new Set<string>();
  for (const word of text
    .normalize('NFC')
    .toLowerCase()
    .match(/\p{L}+/gu) ?? []) {
    const plain = withoutAccents(word);
    if (plain !== word) forms.add(plain);
  }
  return [...forms].join(' ');
}

function wordSet(words: string): ReadonlySet<string> {
  return new Set(words.split(' '));
}
