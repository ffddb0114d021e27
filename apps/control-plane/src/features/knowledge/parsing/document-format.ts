// Which of the formats a file is, by its name and by how it begins: both must agree, what a client declares counts for nothing.

export const documentFormats = ['pdf', 'docx', 'txt', 'md', 'html', 'csv'] as const;
export type DocumentFormat = (typeof documentFormats)[number];

export const mediaTypes: Readonly<Record<DocumentFormat, string>> = {
  pdf: 'application/pdf',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  txt: 'text/plain',
  md: 'text/markdown',
  html: 'text/html',
  csv: 'text/csv',
};

/** The format of a document that was recognized before; null for a media type that no format has. */
export function formatOfMediaType(mediaType: string): DocumentFormat | null {
  return documentFormats.find((format) => mediaTypes[format] === mediaType) ?? null;
}

export type FormatOutcome =
  | { readonly kind: 'recognized'; readonly format: DocumentFormat }
  | { readonly kind: 'refused'; readonly reason: string };

const endings = new Map<string, DocumentFormat>([
  ['pdf', 'pdf'],
  ['docx', 'docx'],
  ['txt', 'txt'],
  ['text', 'txt'],
  ['md', 'md'],
  ['markdown', 'md'],
  ['html', 'html'],
  ['htm', 'html'],
  ['csv', 'csv'],
]);
/** Readers look for the mark of a PDF in its first 1,024 bytes: some scanners write a line before it. */
const HEAD_BYTES = 1_024;
/** How files begin that are none of the formats, in hexadecimal, and what they are. */
const foreignBeginnings: readonly (readonly [string, string])[] = [
  ['d0cf11e0a1b11ae1', 'a Word document of before 2007; save it as DOCX'],
  ['7b5c727466', 'an RTF document; save it as DOCX'],
  ['504b0506', 'an empty ZIP archive'],
  ['1f8b', 'a gzip archive'],
  ['377abcaf271c', 'a 7z archive'],
  ['526172211a07', 'a RAR archive'],
  ['89504e47', 'a PNG image'],
  ['ffd8ff', 'a JPEG image'],
  ['47494638', 'a GIF image'],
  ['7f454c46', 'a program'],
  ['4d5a', 'a program'],
];

/** Recognizes a file by the ending of its name and its first bytes. */
export function recognizeFormat(name: string, bytes: Uint8Array): FormatOutcome {
  if (bytes.length === 0) return refused('the file is empty');
  const format = endings.get(/\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? '');
  if (format === undefined) return refused(`the name must end in ${[...endings.keys()].map((ending) => `.${ending}`).join(', ')}`);
  const begins = beginningOf(Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, HEAD_BYTES)));
  const isText = format !== 'pdf' && format !== 'docx';
  if (begins === format || (isText && begins === 'text')) return { kind: 'recognized', format };
  return refused(`the name ends as that of a ${format.toUpperCase()} file, and it begins as ${whatItIs(begins)}`);
}

type Beginning = 'pdf' | 'docx' | 'text' | { readonly foreign: string };

function beginningOf(head: Buffer): Beginning {
  if (head.includes('%PDF-')) return 'pdf';
  const hex = head.toString('hex', 0, 8);
  // Every ZIP archive begins so; whether it holds a Word document is seen when it is opened.
  if (hex.startsWith('504b0304')) return 'docx';
  const foreign = foreignBeginnings.find(([beginning]) => hex.startsWith(beginning));
  if (foreign) return { foreign: foreign[1] };
  const isUtf16 = hex.startsWith('fffe') || hex.startsWith('feff');
  return head.includes(0) && !isUtf16 ? { foreign: 'something that is no text' } : 'text';
}

function whatItIs(begins: Beginning): string {
  if (typeof begins === 'object') return begins.foreign;
  return { pdf: 'a PDF', docx: 'a ZIP archive', text: 'plain text' }[begins];
}

function refused(reason: string): FormatOutcome {
  return { kind: 'refused', reason };
}
