// From the bytes of a document to its chunks. Runs in a process of its own: whatever the libraries below do, they do it to nobody else.
import type { BlockSink } from './document-block.ts';
import type { Chunk } from './chunker.ts';
import { createChunker } from './chunker.ts';
import { readCsvBlocks } from './csv-blocks.ts';
import { readDocxBlocks } from './docx-blocks.ts';
import type { DocumentFormat } from './document-format.ts';
import { DocumentRefusal } from './document-refusal.ts';
import { readHtmlBlocks } from './html-blocks.ts';
import { readMarkdownBlocks } from './markdown-blocks.ts';
import { decodeText } from './text-decoding.ts';
import { readTextBlocks } from './text-blocks.ts';

/** Hands over a document's chunks in order. Throws a refusal when it holds no text or too much, and the libraries' errors when it is damaged. */
export async function readDocument(format: DocumentFormat, bytes: Uint8Array, onChunk: (chunk: Chunk) => void): Promise<void> {
  let chunks = 0;
  const chunker = createChunker((chunk) => {
    chunks += 1;
    onChunk(chunk);
  });
  await readBlocks(format, bytes, (block) => chunker.add(block));
  chunker.end();
  if (chunks === 0) throw new DocumentRefusal('it holds no text; scanned pages are images and need text recognition first');
}

async function readBlocks(format: DocumentFormat, bytes: Uint8Array, sink: BlockSink): Promise<void> {
  switch (format) {
    case 'pdf': {
      // The only one that takes a tenth of a second to load.
      const { readPdfBlocks } = await import('./pdf-blocks.ts');
      return readPdfBlocks(bytes, sink);
    }
    case 'docx':
      return readDocxBlocks(bytes, sink);
    case 'txt':
      return readTextBlocks(decodeText(bytes), sink);
    case 'md':
      return readMarkdownBlocks(decodeText(bytes), sink);
    case 'html':
      return readHtmlBlocks(decodeText(bytes), sink);
    case 'csv':
      return readCsvBlocks(decodeText(bytes), sink);
  }
}
