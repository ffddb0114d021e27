// A web page: its text by headings, paragraphs, items and rows, without what is no text. Nothing in it is run or fetched.
import type { BlockSink } from './document-block.ts';
import { openMarkupParser } from './markup-parser.ts';
import type { MarkupHandler } from './markup-parser.ts';

/** What a reader never sees, with everything inside. */
const unseen = new Set(['script', 'style', 'template', 'noscript', 'svg', 'math', 'iframe', 'object', 'select', 'textarea', 'nav']);
/** What goes on in the same line. */
const inline = new Set(
  'a abbr b bdi bdo cite code data del dfn em font i ins kbd label mark q s samp small span strike strong sub sup time tt u var wbr'.split(
    ' ',
  ),
);

export function readHtmlBlocks(html: string, sink: BlockSink): void {
  let text = '';
  let prefix = '';
  /** Depth inside of something unseen; 0 outside. */
  let unseenDepth = 0;
  const flush = (heading?: number): void => {
    const found = text.trim();
    text = '';
    if (found === '') return;
    sink(heading === undefined ? { kind: 'text', text: prefix + found } : { kind: 'heading', level: heading, text: found });
    prefix = '';
  };
  const handler: MarkupHandler = {
    onopentag(name) {
      if (unseenDepth > 0 || unseen.has(name)) {
        if (unseen.has(name)) unseenDepth += 1;
        return;
      }
      if (name === 'br') text += '\n';
      else if (name === 'td' || name === 'th') text += text.trim() === '' ? '' : ' | ';
      else if (!inline.has(name)) flush();
      if (name === 'li') prefix = '- ';
    },
    ontext(piece) {
      if (unseenDepth === 0) text += piece;
    },
    onclosetag(name) {
      if (unseen.has(name)) unseenDepth = Math.max(0, unseenDepth - 1);
      else if (unseenDepth === 0 && name !== 'td' && name !== 'th' && !inline.has(name) && name !== 'br') flush(headingLevel(name));
    },
  };
  openMarkupParser(handler, { xmlMode: false }).end(html);
  flush();
}

/** 1 to 6; a page's title stands above everything. */
function headingLevel(name: string): number | undefined {
  if (name === 'title') return 1;
  return /^h[1-6]$/.test(name) ? Number(name[1]) : undefined;
}
