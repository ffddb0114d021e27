import { randomBytes } from 'node:crypto';
import { constants, deflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { repeatedPdf, sampleDocx, samplePdf } from '#features/knowledge/testing/sample-documents.ts';
import { createDocumentReader } from './document-reader.ts';
import type { DocumentFormat } from './document-format.ts';

const reader = createDocumentReader();
const never = new AbortController().signal;
const read = (format: DocumentFormat, bytes: Uint8Array) => reader.read({ format, bytes }, { signal: never });
const reasonOf = async (format: DocumentFormat, bytes: Uint8Array) => {
  const outcome = await read(format, bytes);
  return outcome.kind === 'refused' ? outcome.reason : outcome.kind;
};

test('a document is read in a process of its own', async () => {
  expect(await read('docx', sampleDocx([{ text: 'Hola.' }]))).toEqual({ kind: 'read', chunks: [{ headings: [], text: 'Hola.' }] });
  expect(await read('pdf', samplePdf([[{ text: 'Hola.' }]]))).toEqual({ kind: 'read', chunks: [{ headings: [], text: 'Hola.' }] });
});

test('a document of many chunks comes whole and in order', async () => {
  const paragraphs = Array.from({ length: 3_000 }, (_, index) => `Párrafo ${index}: ${'texto '.repeat(100)}`);
  const outcome = await read('txt', Buffer.from(paragraphs.join('\n\n')));
  const numbers = outcome.kind === 'read' ? outcome.chunks.map(({ text }) => /Párrafo (\d+)/.exec(text)?.[1]) : [];
  expect(numbers).toEqual(paragraphs.map((_, index) => String(index)));
});

test('a damaged file is refused with what its reader says of it', async () => {
  expect(await reasonOf('pdf', Buffer.from('%PDF-1.7 and nothing more'))).toContain('it is damaged, or not what its name says');
  expect(await reasonOf('docx', Buffer.concat([Buffer.from('PK\u0003\u0004'), randomBytes(500)]))).toContain('it is damaged');
  expect(await reasonOf('md', Buffer.from(`${'>'.repeat(200_000)} a`))).toBe('it is nested too deeply');
  expect(await reasonOf('html', Buffer.from(`${'<div>'.repeat(300_000)} a`))).toBe('it is nested too deeply, more than 10000 times');
  expect(await reasonOf('docx', sampleDocx([], { body: '<w:sdt>'.repeat(300_000) }))).toBe(
    'it is nested too deeply, more than 10000 times',
  );
});

test('a PDF of 10,000 pages is refused by their number', async () => {
  expect(await reasonOf('pdf', repeatedPdf('BT /F1 11 Tf 50 700 Td (Hola) Tj ET', 10_000))).toBe(
    'it has 10000 pages, at most 2000 are read',
  );
});

/** Spaces that unpack from a thousandth: one block, flushed to a whole byte, again and again. */
function packedSpaces(mebibytes: number): Buffer {
  const block = deflateRawSync(Buffer.alloc(1_048_576, ' '), { finishFlush: constants.Z_FULL_FLUSH });
  const blocks = Array.from({ length: mebibytes }, () => block);
  return Buffer.concat([Buffer.from('789c', 'hex'), ...blocks, Buffer.from('030000000000', 'hex')]);
}

/** One page of this content. */
function pdfOf(packed: Buffer): Buffer {
  const dictionaries = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>',
  ].map((dictionary, index) => `${index + 1} 0 obj\n${dictionary}\nendobj\n`);
  const head = `%PDF-1.4\n${dictionaries.join('')}4 0 obj\n<< /Length ${packed.length} /Filter /FlateDecode >>\nstream\n`;
  return Buffer.concat([Buffer.from(head), packed, Buffer.from('\nendstream\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n')]);
}

test('a PDF whose content unpacks to more memory than a reader has is refused', async () => {
  const bomb = pdfOf(packedSpaces(3_000));
  expect(bomb.length).toBeLessThan(5_000_000);
  expect(await reasonOf('pdf', bomb)).toMatch(/memory|takes more than|busy/);
});

test('a document that takes longer than its time is refused and its process is gone', async () => {
  const impatient = createDocumentReader({ timeMs: 1_000 });
  const outcome = await impatient.read({ format: 'pdf', bytes: pdfOf(packedSpaces(3_000)) }, { signal: never });
  // On a machine that has no time to give, nothing is said of the document.
  expect([{ kind: 'refused', reason: 'it takes more than 1 s to read' }, { kind: 'busy' }]).toContainEqual(outcome);
});

test('a reader that is stopped ends its process and says so', async () => {
  const stop = new AbortController();
  const reading = reader.read({ format: 'pdf', bytes: pdfOf(packedSpaces(3_000)) }, { signal: stop.signal });
  setTimeout(() => stop.abort(), 300);
  await expect(reading).rejects.toThrow('abort');
});
