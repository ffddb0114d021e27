// Vectors without a model: words and their parts, hashed. They find what is written alike, also misspelt or inflected, and know no synonyms.
import type { TextEmbedding } from '#ports/text-embedding.ts';
import { plainWords } from '#shared/plain-words.ts';
import { isFunctionWord } from '#shared/text-language.ts';

/** To be raised with every change below that changes a vector. */
const KIND = 'hashed-ngram-v1';
const DIMENSIONS = 384;
/** Parts of so many letters: shorter ones are in every word, longer ones in hardly two. */
const PART_LENGTHS = [3, 4, 5];
/** All parts of a word together against the word itself: enough that "habitacoin" meets "habitación", not so much that "casa" meets "casaca". */
const PARTS_WEIGHT = 0.7;
/** What holds sentences together says little of what they are about. */
const FUNCTION_WORD_WEIGHT = 0.1;
/** Texts between which the event loop gets its turn: about 2 ms of work. */
const TEXTS_PER_TURN = 16;

/** The embedding that needs no weights. The same text has the same vector on every machine. */
export function createHashedNgramEmbedding(): TextEmbedding {
  return {
    kind: KIND,
    dimensions: DIMENSIONS,
    async embed(texts, { signal }) {
      const vectors: Float32Array[] = [];
      const known = new Map<string, WordFeatures>();
      for (const text of texts) {
        if (vectors.length % TEXTS_PER_TURN === 0) await nextTurn();
        signal.throwIfAborted();
        vectors.push(hashedVector(text, known));
      }
      return vectors;
    },
  };
}

/** Places and weights that a word adds to, at weight 1: found once for all texts of a call, because most of their words are the same. */
type WordFeatures = { readonly places: readonly number[]; readonly weights: readonly number[] };

function hashedVector(text: string, known: Map<string, WordFeatures>): Float32Array {
  const counts = new Map<string, number>();
  for (const word of plainWords(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const sums = new Float64Array(DIMENSIONS);
  for (const [word, count] of counts) {
    let features = known.get(word);
    if (!features) known.set(word, (features = featuresOf(word)));
    // A word said ten times is not ten times as important.
    const times = 1 + Math.log(count);
    const { places, weights } = features;
    for (let index = 0; index < places.length; index++) {
      const place = places[index] as number;
      sums[place] = (sums[place] as number) + times * (weights[index] as number);
    }
  }
  return normalized(sums);
}

function featuresOf(word: string): WordFeatures {
  const weight = isFunctionWord(word) ? FUNCTION_WORD_WEIGHT : 1;
  const parts = partsOf(word);
  const partWeight = (weight * PARTS_WEIGHT) / Math.sqrt(parts.length);
  const hashes = [`=${rootOf(word)}`, ...parts].map(hash32);
  return {
    places: hashes.map((hash) => (hash >>> 1) % DIMENSIONS),
    // One bit is the sign, so that two features in one place cancel as often as they add.
    weights: hashes.map((hash, index) => (hash & 1 ? 1 : -1) * (index === 0 ? weight : partWeight)),
  };
}

/** The word without plural, gender and the commonest endings of both languages: coarse on purpose, the parts tell the rest. */
function rootOf(word: string): string {
  const stripped = word.replace(/(?<=.{3})(?:ing|ed|es|s|as|os|a|o|e)$/, '');
  return stripped.replace(/(.)\1$/, '$1');
}

/** Letters in a row, with marks where the word begins and ends. */
function partsOf(word: string): string[] {
  const marked = `<${word}>`;
  return PART_LENGTHS.flatMap((length) =>
    Array.from({ length: Math.max(0, marked.length - length + 1) }, (_, at) => marked.slice(at, at + length)),
  );
}

/** FNV-1a over UTF-16 units, with the last step of MurmurHash3: FNV alone leaves the low bits of short texts alike. */
function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function normalized(sums: Float64Array): Float32Array {
  let squares = 0;
  for (const sum of sums) squares += sum * sum;
  const length = Math.sqrt(squares);
  // Without a word there is no direction: any fixed one, at a right angle to nearly everything.
  return length === 0 ? Float32Array.from(sums, (_, place) => (place === 0 ? 1 : 0)) : Float32Array.from(sums, (sum) => sum / length);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
