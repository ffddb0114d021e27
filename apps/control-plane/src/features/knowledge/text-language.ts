// Whether a piece of text is Spanish or English: stems are made by the rules of one language.

/** Languages whose stems PostgreSQL makes here. */
export type TextLanguage = 'es' | 'en';

/** Words that are frequent in one of the two and unknown to the other, without accents. */
const functionWords: Readonly<Record<TextLanguage, ReadonlySet<string>>> = {
  es: new Set(
    'el la los las un una unos unas de del al y o que en con por para su sus es son esta estan se lo le les si como cuando donde cada desde hasta sobre tiene puede hay este ese nuestro nuestra'.split(
      ' ',
    ),
  ),
  en: new Set(
    'the of and to in is are you your for with that this it on be as at by from or an we our will can have has not if when where each until about which there their they'.split(
      ' ',
    ),
  ),
};
/** What is looked at of a long piece. */
const SAMPLE_CHARACTERS = 2_000;

/** The language of a text; Spanish where nothing tells. */
export function textLanguage(text: string): TextLanguage {
  let balance = 0;
  for (const word of wordsOf(text.slice(0, SAMPLE_CHARACTERS))) {
    const plain = withoutAccents(word);
    if (functionWords.es.has(plain)) balance++;
    if (functionWords.en.has(plain)) balance--;
  }
  return balance < 0 ? 'en' : 'es';
}

/** The words of a text that carry an accent, each once, without it; separated by spaces. */
export function foldedAccents(text: string): string {
  const folded = new Set<string>();
  for (const word of wordsOf(text)) {
    const plain = withoutAccents(word);
    if (plain !== word) folded.add(plain);
  }
  return [...folded].join(' ');
}

function wordsOf(text: string): string[] {
  return (
    text
      .normalize('NFC')
      .toLowerCase()
      .match(/\p{L}+/gu) ?? []
  );
}

function withoutAccents(word: string): string {
  return word.normalize('NFD').replace(/\p{M}/gu, '');
}
