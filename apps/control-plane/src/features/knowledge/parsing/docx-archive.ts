// A Word file is a ZIP archive: this opens one without believing what it says of itself.
import type { Entry, ZipFile } from 'yauzl';
import { fromBufferPromise } from 'yauzl';
import { DocumentRefusal } from './document-refusal.ts';
import { parsingLimits } from './parsing-limits.ts';

/** An opened Word file. */
export type DocxArchive = {
  /** Hands over the text of one entry in pieces. False when there is none of that name. Throws a refusal when it unpacks to more than the limit. */
  read(name: string, onText: (piece: string) => void): Promise<boolean>;
};

const MAIN_PART = 'word/document.xml';
/** An archive inside, other than the sheets and slides that Word embeds under `word/embeddings/`. */
const ARCHIVE_NAME = /\.(?:zip|docx|docm|xlsx|pptx|jar|7z|rar|gz|tgz|bz2|xz|tar|iso)$/i;
const EMBEDDED_OFFICE = /^word\/embeddings\/[^/]+\.(?:docx|xlsx|pptx)$/i;

export async function openDocxArchive(bytes: Uint8Array): Promise<DocxArchive> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Sizes are checked while unpacking: an entry that has more than it announced is an error.
  const zip = await fromBufferPromise(buffer, { lazyEntries: true, validateEntrySizes: true, autoClose: false });
  const entries = await readEntries(zip);
  if (!entries.has(MAIN_PART)) throw new DocumentRefusal('it is a ZIP archive that holds no Word document');
  return {
    async read(name, onText) {
      const entry = entries.get(name);
      if (!entry) return false;
      const stream = await zip.openReadStreamPromise(entry);
      const decoder = new TextDecoder();
      let unpackedBytes = 0;
      for await (const piece of stream as AsyncIterable<Buffer>) {
        unpackedBytes += piece.length;
        if (unpackedBytes > parsingLimits.archiveTextBytes) throw tooLarge(name);
        onText(decoder.decode(piece, { stream: true }));
      }
      onText(decoder.decode());
      return true;
    },
  };
}

async function readEntries(zip: ZipFile): Promise<Map<string, Entry>> {
  if (zip.entryCount > parsingLimits.archiveEntries) {
    throw new DocumentRefusal(`it holds ${zip.entryCount} files, at most ${parsingLimits.archiveEntries} are read`);
  }
  const entries = new Map<string, Entry>();
  let totalBytes = 0;
  for await (const entry of zip.eachEntry()) {
    checkEntry(entry);
    totalBytes += entry.uncompressedSize;
    if (totalBytes > parsingLimits.archiveBytes) throw new DocumentRefusal(`it unpacks to more than ${parsingLimits.archiveBytes} bytes`);
    entries.set(entry.fileName, entry);
  }
  return entries;
}

function checkEntry(entry: Entry): void {
  const { fileName, uncompressedSize, compressedSize } = entry;
  if (entry.isEncrypted()) throw new DocumentRefusal('it is encrypted; save it without a password');
  if (ARCHIVE_NAME.test(fileName) && !EMBEDDED_OFFICE.test(fileName))
    throw new DocumentRefusal(`it holds another archive, ${fileName.slice(0, 100)}`);
  const isBomb = uncompressedSize > parsingLimits.ratioFromBytes && uncompressedSize > compressedSize * parsingLimits.archiveRatio;
  if (isBomb)
    throw new DocumentRefusal(`${fileName.slice(0, 100)} in it unpacks to more than ${parsingLimits.archiveRatio} times its size`);
  if (fileName === MAIN_PART && uncompressedSize > parsingLimits.archiveTextBytes) throw tooLarge(fileName);
}

function tooLarge(name: string): DocumentRefusal {
  return new DocumentRefusal(`${name} in it unpacks to more than ${parsingLimits.archiveTextBytes} bytes`);
}
