// Markdown: headings, paragraphs, items, rows and code as text.
import { lexer } from 'marked';
import type { Token, Tokens } from 'marked';
import type { BlockSink } from './document-block.ts';
import { readHtmlBlocks } from './html-blocks.ts';

/** What some editors keep before the text, between two lines of dashes. */
const FRONT_MATTER = /^---\n(?:(?!---\n).*\n)*---\n/;

export function readMarkdownBlocks(text: string, sink: BlockSink): void {
  readTokens(lexer(text.replace(FRONT_MATTER, '')), sink);
}

function readTokens(tokens: readonly Token[], sink: BlockSink): void {
  for (const token of tokens) readToken(token, sink);
}

function readToken(token: Token, sink: BlockSink): void {
  switch (token.type) {
    case 'heading':
      return sink({ kind: 'heading', level: (token as Tokens.Heading).depth, text: plain(token) });
    case 'list':
      for (const item of (token as Tokens.List).items) readItem(item, sink);
      return;
    case 'table':
      return readTable(token as Tokens.Table, sink);
    case 'blockquote':
      return readTokens(token.tokens ?? [], sink);
    case 'html':
      return readHtmlBlocks(token.raw, sink);
    case 'code':
      return sink({ kind: 'text', text: (token as Tokens.Code).text });
    case 'space':
    case 'hr':
    case 'def':
      return;
    default:
      return sink({ kind: 'text', text: plain(token) });
  }
}

function readItem({ tokens }: Tokens.ListItem, sink: BlockSink): void {
  readTokens(tokens, (block) =>
    sink(block.kind === 'text' && !block.text.startsWith('- ') ? { kind: 'text', text: `- ${block.text}` } : block),
  );
}

function readTable({ header, rows }: Tokens.Table, sink: BlockSink): void {
  const names = header.map((cell) => plainOf(cell.tokens));
  for (const row of rows) {
    const cells = row.map((cell, index) => (names[index] ? `${names[index]}: ${plainOf(cell.tokens)}` : plainOf(cell.tokens)));
    sink({ kind: 'text', text: cells.join('; ') });
  }
}

/** A token's text without its marks. */
function plain(token: Token): string {
  if ('tokens' in token && token.tokens && token.tokens.length > 0) return plainOf(token.tokens);
  if (token.type === 'br') return '\n';
  if (token.type === 'html') return '';
  return 'text' in token && typeof token.text === 'string' ? token.text : token.raw;
}

function plainOf(tokens: readonly Token[]): string {
  return tokens.map(plain).join('');
}
