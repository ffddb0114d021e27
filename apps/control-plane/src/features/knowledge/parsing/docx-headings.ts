// Which styles of a Word document are headings: their ids are in the author's language, such as `Ttulo1`, their names are not.
import type { DocxArchive } from './docx-archive.ts';
import { outlineLevel } from './docx-outline.ts';
import { openMarkupParser } from './markup-parser.ts';

const HEADING_NAME = /^heading ([1-6])$/i;
/** For a document without a list of styles. */
const usualIds: readonly (readonly [string, number])[] = [1, 2, 3, 4, 5, 6].map((level) => [`Heading${level}`, level]);

/** The level of each style that is a heading, by its id. */
export async function readDocxHeadings(archive: DocxArchive): Promise<ReadonlyMap<string, number>> {
  const headings = new Map<string, number>(usualIds);
  let styleId = '';
  const parser = openMarkupParser(
    {
      onopentag(name, attributes) {
        if (name === 'w:style') styleId = attributes['w:styleId'] ?? '';
        const level = levelOf(name, attributes);
        if (styleId !== '' && level !== undefined) headings.set(styleId, level);
      },
      onclosetag(name) {
        if (name === 'w:style') styleId = '';
      },
    },
    { xmlMode: true },
  );
  await archive.read('word/styles.xml', (piece) => parser.write(piece));
  parser.end();
  return headings;
}

function levelOf(name: string, attributes: Readonly<Record<string, string>>): number | undefined {
  if (name === 'w:outlineLvl') return outlineLevel(attributes);
  if (name !== 'w:name') return undefined;
  const value = attributes['w:val'] ?? '';
  if (value.toLowerCase() === 'title') return 1;
  const level = HEADING_NAME.exec(value)?.[1];
  return level === undefined ? undefined : Number(level);
}
