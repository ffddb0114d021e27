// Cuts a document into chunks: never across a heading, by paragraphs, within a budget of tokens, each beginning with the end of the one before it.
import type { DocumentBlock } from './document-block.ts';
import { DocumentRefusal } from './document-refusal.ts';
import { parsingLimits } from './parsing-limits.ts';
import { cleanText } from './text-cleaning.ts';
import { cutSentences, estimateTokens } from './text-pieces.ts';

/** A piece of a document that is searched as one. */
export type Chunk = {
  /** Headings that it stands under, outermost first. */
  readonly headings: readonly string[];
  readonly text: string;
};

/** Sizes, in tokens. */
export type ChunkBudget = {
  /** Of a chunk, overlap included. Default 200: small sentence models read 256, and what is beyond is lost to the search. */
  readonly tokens: number;
  /** Of what a chunk repeats of the one before it, in whole sentences. Default 30: about two. */
  readonly overlapTokens: number;
};

/** Takes the blocks of one document in order. */
export type Chunker = {
  add(block: DocumentBlock): void;
  /** Hands over what is left. */
  end(): void;
};

const DEFAULT_BUDGET: ChunkBudget = { tokens: 200, overlapTokens: 30 };
const MAX_HEADINGS = 6;
const MAX_CLEANED_CHARACTERS = 65_536;
const MAX_HEADING_CHARACTERS = 200;

/** What waits to become a chunk; `own`: whether there is more in it than the overlap. */
type Waiting = { readonly pieces: readonly string[]; readonly tokens: number; readonly isOwn: boolean };
const nothing: Waiting = { pieces: [], tokens: 0, isOwn: false };
type Heading = { readonly level: number; readonly text: string; readonly isUsed: boolean };

/** Hands each chunk to `onChunk` as soon as it is whole. Throws a refusal at the limits of text and chunks. */
export function createChunker(onChunk: (chunk: Chunk) => void, budget: ChunkBudget = DEFAULT_BUDGET): Chunker {
  let headings: readonly Heading[] = [];
  let waiting = nothing;
  let characters = 0;
  let chunks = 0;

  function emit(text: string, under: readonly Heading[]): void {
    chunks += 1;
    if (chunks > parsingLimits.chunks)
      throw new DocumentRefusal(`it makes more than ${parsingLimits.chunks} chunks, which is what one agent may have`);
    onChunk({ headings: under.map((heading) => heading.text), text });
  }

  function flush(next: Waiting): void {
    if (waiting.isOwn) {
      emit(waiting.pieces.join('\n'), headings);
      headings = headings.map((heading) => ({ ...heading, isUsed: true }));
    }
    waiting = next;
  }

  function addPiece(piece: string): void {
    const tokens = estimateTokens(piece);
    if (waiting.tokens + tokens > budget.tokens) {
      const overlap = waiting.isOwn ? overlapOf(waiting.pieces, budget.overlapTokens) : nothing;
      flush(overlap.tokens + tokens > budget.tokens ? nothing : overlap);
    }
    waiting = { pieces: [...waiting.pieces, piece], tokens: waiting.tokens + tokens, isOwn: true };
  }

  /** A heading with nothing below it is text: a list of services is often headings alone. */
  function addHeading(level: number, text: string): void {
    flush(nothing);
    const left = headings.filter((heading) => heading.level >= level).at(-1);
    if (left && !left.isUsed) emit(left.text, headings.slice(0, -1));
    const outer = headings.filter((heading) => heading.level < level).map((heading) => ({ ...heading, isUsed: true }));
    headings = [...outer, { level, text: text.slice(0, MAX_HEADING_CHARACTERS).toWellFormed(), isUsed: false }].slice(-MAX_HEADINGS);
  }

  function addText(block: DocumentBlock, part: string): void {
    const text = cleanText(part);
    if (text === '') return;
    characters += text.length;
    if (characters > parsingLimits.textCharacters)
      throw new DocumentRefusal(`it holds more than ${parsingLimits.textCharacters} characters`);
    if (block.kind === 'heading') addHeading(block.level, text.replaceAll('\n', ' '));
    else if (estimateTokens(text) <= budget.tokens) addPiece(text);
    else for (const piece of cutSentences(text, budget.tokens)) addPiece(piece);
  }

  return {
    add(block) {
      for (const part of cutLong(block.text)) addText(block, part);
    },
    end: () => addHeading(0, ''),
  };
}

/** A paragraph of megabytes is cleaned in parts, at white space where there is any: as one it takes a hundred times its size in memory. */
function* cutLong(text: string): Generator<string> {
  let from = 0;
  while (text.length - from > MAX_CLEANED_CHARACTERS) {
    const space = text.lastIndexOf(' ', from + MAX_CLEANED_CHARACTERS);
    const to = space > from ? space : from + MAX_CLEANED_CHARACTERS;
    yield text.slice(from, to);
    from = to;
  }
  yield from === 0 ? text : text.slice(from);
}

/** The last sentences that fit. */
function overlapOf(pieces: readonly string[], maxTokens: number): Waiting {
  const last = cutSentences(pieces.at(-1) ?? '', maxTokens);
  const taken: string[] = [];
  let tokens = 0;
  for (const sentence of last.toReversed()) {
    const more = estimateTokens(sentence);
    if (tokens + more > maxTokens) break;
    taken.unshift(sentence);
    tokens += more;
  }
  return { pieces: taken.length > 0 ? [taken.join(' ')] : [], tokens, isOwn: false };
}
