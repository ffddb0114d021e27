// A Word document: its paragraphs, headings by their style, and tables row by row, read in a stream.
import type { BlockSink } from './document-block.ts';
import { openDocxArchive } from './docx-archive.ts';
import { readDocxHeadings } from './docx-headings.ts';
import { outlineLevel } from './docx-outline.ts';
import { openMarkupParser } from './markup-parser.ts';

export async function readDocxBlocks(bytes: Uint8Array, sink: BlockSink): Promise<void> {
  const archive = await openDocxArchive(bytes);
  const headings = await readDocxHeadings(archive);
  const parser = createBodyParser(headings, sink);
  await archive.read('word/document.xml', (piece) => parser.write(piece));
  parser.end();
}

/** What to do at an element, by its name; the names come from strangers. */
type Handlers = Readonly<Record<string, (attributes: Readonly<Record<string, string>>) => void>>;

/** What is a second telling of the same, or no text of the document. */
const unseen = new Set(['mc:Fallback', 'w:del', 'w:instrText']);

function createBodyParser(headings: ReadonlyMap<string, number>, sink: BlockSink): ReturnType<typeof openMarkupParser> {
  let text = '';
  let level: number | undefined;
  let isText = false;
  let unseenDepth = 0;
  let tableDepth = 0;
  let cells: string[] = [];
  let cell: string[] = [];

  const endParagraph = (): void => {
    const found = text.trim();
    text = '';
    if (found === '') return;
    if (tableDepth > 0) cell.push(found);
    else sink(level === undefined ? { kind: 'text', text: found } : { kind: 'heading', level, text: found });
  };
  const endRow = (): void => {
    const row = cells.filter((one) => one !== '').join(' | ');
    cells = [];
    if (row !== '') sink({ kind: 'text', text: row });
  };
  const open: Handlers = {
    'w:p': () => (level = undefined),
    'w:pStyle': (attributes) => (level = headings.get(attributes['w:val'] ?? '') ?? level),
    'w:outlineLvl': (attributes) => (level = outlineLevel(attributes) ?? level),
    'w:t': () => (isText = true),
    'w:tab': () => (text += ' '),
    'w:br': () => (text += '\n'),
    'w:cr': () => (text += '\n'),
    'w:tbl': () => (tableDepth += 1),
  };
  const close: Handlers = {
    'w:t': () => (isText = false),
    'w:p': endParagraph,
    'w:tc': () => {
      cells.push(cell.join(' '));
      cell = [];
    },
    'w:tr': endRow,
    'w:tbl': () => (tableDepth = Math.max(0, tableDepth - 1)),
  };
  return openMarkupParser(
    {
      onopentag(name, attributes) {
        if (unseen.has(name)) unseenDepth += 1;
        else if (unseenDepth === 0 && Object.hasOwn(open, name)) open[name]?.(attributes);
      },
      ontext(piece) {
        if (isText && unseenDepth === 0) text += piece;
      },
      onclosetag(name) {
        if (unseen.has(name)) unseenDepth = Math.max(0, unseenDepth - 1);
        else if (unseenDepth === 0 && Object.hasOwn(close, name)) close[name]?.({});
      },
    },
    { xmlMode: true },
  );
}
