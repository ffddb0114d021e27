// An answer taken word for word from the documents, for when no language model is there to put it into words.
import type { Passage } from '#ports/knowledge-search.ts';
import { plainWords } from '#shared/plain-words.ts';
import { isSpanish } from '#shared/text-language.ts';
import { cleanText } from './quoted-text.ts';

/** About 15 seconds of speech: who wants more asks on. */
const EXTRACT_CHARACTERS = 240;
const SOURCE_CHARACTERS = 60;
/** Sentences looked at; the passages of one answer have about 60. */
const SENTENCES_MAX = 200;
/** Of the question's words of substance, the share that a sentence must hold: one of three is chance. */
const SHARE_MIN = 0.5;
/** "Precio" and "precios", "opening" and "opens" begin alike; shorter words count whole. */
const STEM_CHARACTERS = 5;

/** The sentence that answers a question best, with the document's name; null when none holds enough of its words. */
export function spokenExtract(question: string, passages: readonly Passage[], language: string): string | null {
  const wanted = stemsOf(question);
  if (wanted.size === 0) return null;
  let best: { sentence: string; source: string; share: number } | null = null;
  const sentences = passages.flatMap(({ text, source, headings }) =>
    sentencesOf(text).map((sentence) => ({ sentence, source, about: headings.join(' ') })),
  );
  for (const { sentence, source, about } of sentences.slice(0, SENTENCES_MAX)) {
    const [own, under] = [stemsOf(sentence), stemsOf(about)];
    const held = [...wanted].filter((stem) => holds(own, stem) || holds(under, stem)).length;
    // A heading says what is spoken of; the sentence itself must say something of it as well.
    const isNear = [...wanted].some((stem) => holds(own, stem));
    const share = held / wanted.size;
    if (isNear && share >= SHARE_MIN && share > (best?.share ?? 0)) best = { sentence, source, share };
  }
  if (best === null) return null;
  const source = cleanText(best.source.replace(/\.[a-z0-9]{1,5}$/i, '').replaceAll(/[_-]+/g, ' '), SOURCE_CHARACTERS);
  return isSpanish(language) ? `Según ${source}: ${best.sentence}` : `According to ${source}: ${best.sentence}`;
}

function sentencesOf(text: string): string[] {
  return cleanText(text, 4_000)
    .split(/(?<=[.!?…])\s+/u)
    .map((sentence) =>
      sentence.length <= EXTRACT_CHARACTERS ? sentence : `${sentence.slice(0, EXTRACT_CHARACTERS).replace(/\s+\S*$/u, '')}…`,
    )
    .filter((sentence) => /\p{L}/u.test(sentence));
}

/** The words of substance, as far as their endings do not matter. */
function stemsOf(text: string): Set<string> {
  return new Set(
    plainWords(text)
      .filter((word) => word.length > 3 && !EMPTY_WORDS.has(word))
      .map((word) => word.slice(0, STEM_CHARACTERS)),
  );
}

/** "Take" and "takes" are one word too. */
function holds(stems: ReadonlySet<string>, wanted: string): boolean {
  return stems.has(wanted) || [...stems].some((stem) => stem.startsWith(wanted) || wanted.startsWith(stem));
}

/** Longer words that say nothing of what is asked, without accents. */
const EMPTY_WORDS = new Set(
  (
    'para como cuando donde cual cuanto cuanta cuantos cuantas quien este esta estos estas tiene tienen tengo quiero queria saber puede pueden puedo ' +
    'hacen hace sobre desde hasta entre porque tambien algo favor ustedes usted decirme digame ' +
    'what when where which whose does have there with your this that these those would like know could please tell about from into much many they you'
  ).split(' '),
);
