// The process that reads one document: its bytes come on standard input, its chunks leave on standard output, one JSON object a line.
import { writeSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import type { Chunk } from './chunker.ts';
import { documentFormats } from './document-format.ts';
import { DocumentRefusal } from './document-refusal.ts';
import { readDocument } from './document-reading.ts';
import type { ReaderLine } from './reader-line.ts';

/** Chunks of a line: some 100 kB, so that whoever reads it never parses for more than a millisecond. */
const CHUNKS_PER_LINE = 100;
const MAX_REASON_CHARACTERS = 300;

function write(line: ReaderLine): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  // A pipe that is full makes a synchronous write of it return early.
  for (let from = 0; from < bytes.length;) from += writeSome(bytes, from);
}

function writeSome(bytes: Buffer, from: number): number {
  try {
    return writeSync(1, bytes, from);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    return 0;
  }
}

/** What libraries throw says that the file is damaged; what they say goes along, for whoever made the file. */
function reasonOf(error: unknown): string {
  if (error instanceof DocumentRefusal) return error.message;
  if (error instanceof RangeError && /call stack/.test(error.message)) return 'it is nested too deeply';
  if (error instanceof RangeError && /allocation|length/.test(error.message)) return 'it needs more memory to read than a document may';
  const name = error instanceof Error ? error.name : '';
  if (name === 'PasswordException') return 'it is encrypted; save it without a password';
  const said = (error instanceof Error ? error.message : String(error)).replaceAll(/\P{L}+/gu, ' ').trim();
  return `it is damaged, or not what its name says (${said})`.slice(0, MAX_REASON_CHARACTERS);
}

const format = documentFormats.find((one) => one === process.argv[2]);
if (format === undefined) throw new Error(`the format must be one of ${documentFormats.join(', ')}, not ${process.argv[2]}`);
const bytes = new Uint8Array(await buffer(process.stdin));
let waiting: Chunk[] = [];
const flush = (): void => {
  if (waiting.length > 0) write({ kind: 'chunks', chunks: waiting });
  waiting = [];
};
try {
  await readDocument(format, bytes, (chunk) => {
    waiting.push(chunk);
    if (waiting.length >= CHUNKS_PER_LINE) flush();
  });
  flush();
  write({ kind: 'done' });
} catch (error) {
  write({ kind: 'refused', reason: reasonOf(error) });
}
// Timers and workers of a library must not hold the slot.
process.exit(0);
