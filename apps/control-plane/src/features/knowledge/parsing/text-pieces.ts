// Cuts text where a reader would: at the ends of sentences, then between words, and only what has neither in the middle.

/** Characters of a token: what multilingual vocabularies make of Spanish and English, give or take a fifth. */
const CHARACTERS_PER_TOKEN = 4;
const SENTENCE_END = /[.!?…]["»”’')\]]*\s+|\n/g;

/** Tokens of a text, estimated: the embedding's own tokenizer is a model's file, and the budget leaves it room. */
export function estimateTokens(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}

/** The sentences of a text, none longer than `maxTokens`, without the white space between them. */
export function cutSentences(text: string, maxTokens: number): string[] {
  const sentences: string[] = [];
  let from = 0;
  for (const match of text.matchAll(SENTENCE_END)) {
    const to = match.index + match[0].length;
    sentences.push(text.slice(from, to).trim());
    from = to;
  }
  sentences.push(text.slice(from).trim());
  return sentences.filter((sentence) => sentence !== '').flatMap((sentence) => cutWords(sentence, maxTokens));
}

function cutWords(sentence: string, maxTokens: number): string[] {
  if (estimateTokens(sentence) <= maxTokens) return [sentence];
  const maxCharacters = maxTokens * CHARACTERS_PER_TOKEN;
  const pieces: string[] = [];
  let from = 0;
  while (sentence.length - from > maxCharacters) {
    const space = sentence.lastIndexOf(' ', from + maxCharacters);
    const to = space > from ? space : wholeCharacter(sentence, from + maxCharacters);
    pieces.push(sentence.slice(from, to).trim());
    from = to;
  }
  pieces.push(sentence.slice(from).trim());
  return pieces.filter((piece) => piece !== '');
}

/** Not between the halves of a character outside of the basic plane. */
function wholeCharacter(text: string, index: number): number {
  const code = text.charCodeAt(index);
  return code >= 0xdc00 && code <= 0xdfff ? index - 1 : index;
}
