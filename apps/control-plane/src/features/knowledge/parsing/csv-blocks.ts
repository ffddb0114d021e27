// A spreadsheet: each row becomes a paragraph that names its columns, so that a row means something by itself.
import { parse } from 'csv-parse/sync';
import type { BlockSink } from './document-block.ts';
import { DocumentRefusal } from './document-refusal.ts';
import { parsingLimits } from './parsing-limits.ts';

const DELIMITERS = [',', ';', '\t', '|'];

/** The first row names the columns. */
export function readCsvBlocks(text: string, sink: BlockSink): void {
  let header: readonly string[] | null = null;
  parse(text, {
    bom: true,
    delimiter: delimiterOf(text),
    relaxColumnCount: true,
    relaxQuotes: true,
    skipEmptyLines: true,
    trim: true,
    maxRecordSize: parsingLimits.rowCharacters,
    // Null: the row is not collected. 25 MB of rows would be some 300 MB of arrays.
    onRecord: (cells: string[]) => {
      if (header === null) header = cells;
      else readRow(header, cells, sink);
      return null;
    },
  });
  if (header === null) throw new DocumentRefusal('the table has no rows');
}

function readRow(header: readonly string[], cells: readonly string[], sink: BlockSink): void {
  const named = cells.flatMap((cell, index) => {
    const name = header[index];
    if (cell === '') return [];
    return name ? [`${name}: ${cell}`] : [cell];
  });
  if (named.length > 0) sink({ kind: 'text', text: named.join('; ') });
}

/** The one that the first line has most of; Spanish spreadsheets separate by semicolons. */
function delimiterOf(text: string): string {
  const [firstLine = ''] = text.split('\n', 1);
  const counts = DELIMITERS.map((delimiter) => firstLine.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ',';
}
