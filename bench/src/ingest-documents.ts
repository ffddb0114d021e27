/** Documents of a given amount of text in every format that the product takes, the same for the same seed. */
import type { DocumentFormat } from '@centralita/control-plane/features/knowledge/parsing/document-format.ts';
import { sampleDocx, samplePdf } from '@centralita/control-plane/features/knowledge/testing/sample-documents.ts';

/** A file, and how much text a reader sees in it, as UTF-8. */
export type IngestDocument = { readonly format: DocumentFormat; readonly bytes: Buffer; readonly textBytes: number };

const WORDS =
  'la consulta de fisioterapia abre lunes martes sábado mañana tarde cita precio euros masaje relajante espalda tratamiento facial sesión minutos bono cliente reserva anulación teléfono recepción médico seguro factura descuento niños mayores calle plaza aparcamiento acceso'.split(
    ' ',
  );
const SENTENCES_PER_PARAGRAPH = 5;
const PARAGRAPHS_PER_SECTION = 4;
const LINES_PER_PAGE = 50;

type Section = { readonly heading: string; readonly paragraphs: readonly string[] };

/** One document of about `textBytes` of text. */
export function ingestDocument(format: DocumentFormat, textBytes: number, random: () => number): IngestDocument {
  const sections = makeSections(textBytes, random);
  const bytes = writers[format](sections);
  const seen = sections.map(({ heading, paragraphs }) => [heading, ...paragraphs].join('\n')).join('\n');
  return { format, bytes, textBytes: Buffer.byteLength(seen) };
}

const writers: Readonly<Record<DocumentFormat, (sections: readonly Section[]) => Buffer>> = {
  txt: (sections) => Buffer.from(sections.map(({ heading, paragraphs }) => [heading, ...paragraphs].join('\n\n')).join('\n\n')),
  md: (sections) => Buffer.from(sections.map(({ heading, paragraphs }) => [`## ${heading}`, ...paragraphs].join('\n\n')).join('\n\n')),
  html: (sections) =>
    Buffer.from(
      `<html><body>${sections
        .map(({ heading, paragraphs }) => `<h2>${heading}</h2>${paragraphs.map((text) => `<p>${text}</p>`).join('\n')}`)
        .join('\n')}</body></html>`,
    ),
  csv: (sections) =>
    Buffer.from(
      `Apartado;Texto\n${sections.flatMap(({ heading, paragraphs }) => paragraphs.map((text) => `"${heading}";"${text}"`)).join('\n')}\n`,
    ),
  docx: (sections) =>
    sampleDocx(
      sections.flatMap(({ heading, paragraphs }) => [{ text: heading, style: 'Ttulo2' }, ...paragraphs.map((text) => ({ text }))]),
    ),
  pdf: (sections) => {
    const lines = sections.flatMap(({ heading, paragraphs }) => [
      { text: heading, size: 16 },
      ...paragraphs.flatMap((text) => (text.match(/.{1,90}(?:\s|$)/g) ?? []).map((line) => ({ text: line }))),
    ]);
    const pages = Math.ceil(lines.length / LINES_PER_PAGE);
    return samplePdf(Array.from({ length: pages }, (_, page) => lines.slice(page * LINES_PER_PAGE, (page + 1) * LINES_PER_PAGE)));
  },
};

function makeSections(textBytes: number, random: () => number): Section[] {
  const word = (): string => WORDS[Math.floor(random() * WORDS.length)] ?? '';
  const sentence = (): string => `${Array.from({ length: 8 + Math.floor(random() * 12) }, word).join(' ')}.`;
  const paragraph = (): string => Array.from({ length: SENTENCES_PER_PARAGRAPH }, sentence).join(' ');
  const sections: Section[] = [];
  for (let bytes = 0; bytes < textBytes;) {
    const section = {
      heading: `${word()} ${word()} ${sections.length}`,
      paragraphs: Array.from({ length: PARAGRAPHS_PER_SECTION }, paragraph),
    };
    bytes += Buffer.byteLength(section.paragraphs.join('\n'));
    sections.push(section);
  }
  return sections;
}
