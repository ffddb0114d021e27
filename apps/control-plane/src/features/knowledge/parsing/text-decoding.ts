// Bytes as text: files of offices come in UTF-8, in UTF-16 with a mark, and in what Windows wrote before either.
import { DocumentRefusal } from './document-refusal.ts';

/** The text of a file. Whatever is no UTF is read as Windows-1252, the encoding of Western European spreadsheets. */
export function decodeText(bytes: Uint8Array): string {
  const text = new TextDecoder(encodingOf(bytes)).decode(bytes);
  if (text.includes('\0')) throw new DocumentRefusal('the file holds bytes that are no text');
  return text.replaceAll(/\r\n?/g, '\n');
}

function encodingOf(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return 'utf-8';
  } catch {
    return 'windows-1252';
  }
}
