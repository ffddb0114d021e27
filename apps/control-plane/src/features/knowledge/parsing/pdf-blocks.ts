// A PDF: lines of text with their height, put together to paragraphs; what is set larger than most of the text is a heading.
import { getDocumentProxy } from 'unpdf';
import type { BlockSink } from './document-block.ts';
import { DocumentRefusal } from './document-refusal.ts';
import { parsingLimits } from './parsing-limits.ts';

/** A line: its height in half points, and where it stands on its page, from below. */
type PdfLine = { readonly text: string; readonly height: number; readonly y: number; readonly page: number };

/** A heading is at least this much larger than the body, and no longer than a heading is. */
const HEADING_RATIO = 1.15;
const HEADING_CHARACTERS = 150;
/** Deepest heading that sizes tell apart. */
const HEADING_LEVELS = 4;
/** Lines of a paragraph stand 1.0 to 1.5 times their height apart. */
const PARAGRAPH_GAP = 1.8;

export async function readPdfBlocks(bytes: Uint8Array, sink: BlockSink): Promise<void> {
  const pdf = await getDocumentProxy(bytes, { disableFontFace: true, useSystemFonts: false, verbosity: 0 });
  if (pdf.numPages > parsingLimits.pages)
    throw new DocumentRefusal(`it has ${pdf.numPages} pages, at most ${parsingLimits.pages} are read`);
  const lines: PdfLine[] = [];
  let characters = 0;
  for (let number = 1; number <= pdf.numPages; number += 1) {
    const page = await pdf.getPage(number);
    const { items } = await page.getTextContent();
    for (const line of linesOf(items, number)) {
      characters += line.text.length;
      if (characters > parsingLimits.textCharacters)
        throw new DocumentRefusal(`it holds more than ${parsingLimits.textCharacters} characters`);
      lines.push(line);
    }
    page.cleanup();
  }
  readLines(lines, sink);
}

type TextItem = { readonly str: string; readonly height: number; readonly hasEOL: boolean; readonly transform: readonly number[] };

function* linesOf(items: readonly object[], page: number): Generator<PdfLine> {
  let text = '';
  let height = 0;
  let y = 0;
  for (const item of items) {
    // Marks of a tagged PDF's structure are no text.
    if (!('str' in item)) continue;
    const piece = item as TextItem;
    if (piece.str.trim() !== '') {
      height = Math.max(height, Math.round(piece.height * 2));
      y = piece.transform[5] ?? 0;
    }
    text += piece.str;
    if (!piece.hasEOL) continue;
    yield { text: text.trim(), height, y, page };
    text = '';
    height = 0;
  }
  if (text.trim() !== '') yield { text: text.trim(), height, y, page };
}

function readLines(lines: readonly PdfLine[], sink: BlockSink): void {
  const bodyHeight = mostOf(lines);
  const isHeading = (line: PdfLine) => line.height >= bodyHeight * HEADING_RATIO && line.text.length <= HEADING_CHARACTERS;
  const heights = [...new Set(lines.filter(isHeading).map(({ height }) => height))].sort((a, b) => b - a);
  let paragraph = '';
  let last: PdfLine | null = null;
  const flush = (): void => {
    if (paragraph !== '') sink({ kind: 'text', text: paragraph });
    paragraph = '';
  };
  for (const line of lines) {
    if (line.text === '') continue;
    if (isHeading(line)) {
      flush();
      sink({ kind: 'heading', level: Math.min(heights.indexOf(line.height) + 1, HEADING_LEVELS), text: line.text });
    } else {
      if (last && startsParagraph(last, line)) flush();
      paragraph = joinLines(paragraph, line.text);
    }
    last = line;
  }
  flush();
}

/** The height in which most characters are set. */
function mostOf(lines: readonly PdfLine[]): number {
  const charactersByHeight = new Map<number, number>();
  for (const { height, text } of lines) charactersByHeight.set(height, (charactersByHeight.get(height) ?? 0) + text.length);
  let most: readonly [number, number] = [0, 0];
  for (const entry of charactersByHeight) if (entry[1] > most[1]) most = entry;
  return most[0];
}

/** A paragraph goes on over the end of a page: only a gap on the same page begins another. */
function startsParagraph(last: PdfLine, line: PdfLine): boolean {
  return last.page === line.page && Math.abs(last.y - line.y) > (line.height / 2) * PARAGRAPH_GAP;
}

/** A word that was parted at the end of a line becomes one again. */
function joinLines(paragraph: string, line: string): string {
  if (paragraph === '') return line;
  if (/\p{Ll}-$/u.test(paragraph) && /^\p{Ll}/u.test(line)) return paragraph.slice(0, -1) + line;
  return `${paragraph} ${line}`;
}
