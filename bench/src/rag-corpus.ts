/** Documents and questions that resemble a company's: words as frequent as in real texts, each piece about something, questions in other words than the piece's own order. */

export type CorpusLanguage = 'es' | 'en';

/** A piece, and what it is about: the words that a person would ask with. */
export type CorpusPiece = { readonly text: string; readonly headings: readonly string[]; readonly topic: readonly string[] };

export type Corpus = {
  /** The next piece of a document about one subject. */
  piece(subject: number): CorpusPiece;
  /** A question that a piece answers: some of its topic's words, one of them inflected or misspelt, within function words. */
  question(piece: Pick<CorpusPiece, 'topic'>): string;
};

/** Content words of one organization: what a handbook of 300 pages uses. */
const VOCABULARY = 8_000;
/** Subjects of documents; each has words of its own. */
const SUBJECTS = 60;
const SUBJECT_WORDS = 80;
/** Words of a piece, between which every length is as likely. */
const PIECE_WORDS = [110, 190] as const;
const TOPIC_WORDS = 6;

const syllables = {
  es: 'ca co cu da de di do es fa ga ha in ja la le li lo ma me mi mo mu na no pa pe pi po ra re ri ro sa se si so ta te ti to tra tri va ve vi za cio nes ción miento dad ble'.split(
    ' ',
  ),
  en: 'ba be bo ca co de di ex fa fo ga ha im in ka la le lo ma me mi mo na ne no pa pe po pro ra re ri ro sa se si so ta te ti to tra un va ve wa we ing ment ness tion able'.split(
    ' ',
  ),
};
const functionWords = {
  es: 'de la que el en y a los se del las un por con no una su para es al lo como más pero sus le ya o este sí porque esta entre cuando muy sin sobre también hasta hay donde quien desde todo nos'.split(
    ' ',
  ),
  en: 'the of and to a in is you that it he was for on are as with his they at be this have from or one had by but not what all were we when your can said there use an each which do how their if'.split(
    ' ',
  ),
};
const openings = {
  es: ['¿cuánto cuesta', '¿qué hay que saber de', '¿me puede decir algo sobre', 'quería preguntar por', '¿cómo funciona'],
  en: ['how much is', 'what should I know about', 'can you tell me about', 'I wanted to ask about', 'how does it work with'],
};

export function createCorpus(language: CorpusLanguage, random: () => number): Corpus {
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const vocabulary = Array.from({ length: VOCABULARY }, () =>
    Array.from({ length: 2 + Math.floor(random() * 3) }, () => pick(syllables[language])).join(''),
  );
  // Zipf: the word of rank r is r times rarer than the first.
  const zipf = (size: number) => Math.min(size - 1, Math.floor(size ** random()) - 1);
  const subjects = Array.from({ length: SUBJECTS }, () => Array.from({ length: SUBJECT_WORDS }, () => pick(vocabulary)));

  return {
    piece(subject) {
      const own = subjects[subject % SUBJECTS] as string[];
      const topic = Array.from({ length: TOPIC_WORDS }, () => pick(own));
      const length = PIECE_WORDS[0] + Math.floor(random() * (PIECE_WORDS[1] - PIECE_WORDS[0]));
      const words = Array.from({ length }, () => {
        const dice = random();
        if (dice < 0.45) return pick(functionWords[language]);
        if (dice < 0.57) return pick(topic);
        if (dice < 0.75) return pick(own);
        return vocabulary[zipf(VOCABULARY)] as string;
      });
      return { text: sentences(words), headings: [own[0] as string, topic.slice(0, 2).join(' ')], topic };
    },
    question({ topic }) {
      const asked = topic.toSorted(() => random() - 0.5).slice(0, 2 + Math.floor(random() * 3));
      const inflected = asked.map((word, place) => (place === 0 ? altered(word, random) : word));
      return `${pick(openings[language])} ${inflected.join(` ${pick(functionWords[language])} `)}?`;
    },
  };
}

function sentences(words: readonly string[]): string {
  const parts: string[] = [];
  for (let at = 0; at < words.length; at += 14) parts.push(words.slice(at, at + 14).join(' '));
  return `${parts.join('. ')}.`;
}

/** A plural, or two letters that changed places, as speech recognition and fingers make them. */
function altered(word: string, random: () => number): string {
  if (random() < 0.6) return `${word}s`;
  const at = 1 + Math.floor(random() * (word.length - 2));
  return word.slice(0, at) + (word[at + 1] ?? '') + (word[at] ?? '') + word.slice(at + 2);
}
