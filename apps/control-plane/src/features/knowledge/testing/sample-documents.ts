// Small documents made in code, of the two formats that are not text.
import type { ZipEntry } from './zip-archive.ts';
import { zipArchive } from './zip-archive.ts';

/** A paragraph, with the id of its style when it has one. */
export type SampleParagraph = { readonly text: string; readonly style?: string };

const namespace = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';
/** As Word in Spanish writes it: the id is translated, the name is not. */
const styles = `<w:styles ${namespace}>
<w:style w:type="paragraph" w:styleId="Ttulo1"><w:name w:val="heading 1"/></w:style>
<w:style w:type="paragraph" w:styleId="Ttulo2"><w:name w:val="heading 2"/></w:style></w:styles>`;

/** A Word document of these paragraphs; `body` is put after them as it is. */
export function sampleDocx(paragraphs: readonly SampleParagraph[], options: { body?: string; extra?: readonly ZipEntry[] } = {}): Buffer {
  const text = paragraphs.map(({ text: content, style }) => {
    const properties = style === undefined ? '' : `<w:pPr><w:pStyle w:val="${style}"/></w:pPr>`;
    return `<w:p>${properties}<w:r><w:t>${escape(content)}</w:t></w:r></w:p>`;
  });
  return zipArchive([
    { name: '[Content_Types].xml', content: '<Types/>' },
    { name: 'word/styles.xml', content: styles },
    { name: 'word/document.xml', content: `<w:document ${namespace}><w:body>${text.join('')}${options.body ?? ''}</w:body></w:document>` },
    ...(options.extra ?? []),
  ]);
}

/** A line of a PDF's page, with its size in points. */
export type SampleLine = { readonly text: string; readonly size?: number };

/** A PDF of these pages, 14 points from line to line. Characters of Windows-1252 only. */
export function samplePdf(pages: readonly (readonly SampleLine[])[]): Buffer {
  const contentOf = (lines: readonly SampleLine[]) =>
    lines
      .map(({ text, size = 11 }, row) => `BT /F1 ${size} Tf 50 ${780 - row * 14} Td (${text.replaceAll(/[\\()]/g, String.raw`\$&`)}) Tj ET`)
      .join('\n');
  return pdfOf(pages.map((lines) => contentOf(lines)));
}

/** A PDF whose pages all show the same content. */
export function repeatedPdf(content: string, pages: number): Buffer {
  return pdfOf([content], pages);
}

function pdfOf(contents: readonly string[], repeats = contents.length): Buffer {
  const font = '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>';
  const firstPage = 4 + contents.length;
  const kids = Array.from({ length: repeats }, (_, index) => `${firstPage + index} 0 R`).join(' ');
  const streams = contents.map((content) => `<< /Length ${Buffer.byteLength(content, 'latin1')} >>\nstream\n${content}\nendstream`);
  const pages = Array.from({ length: repeats }, (_, index) => {
    const content = `${4 + (index % contents.length)} 0 R`;
    return `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents ${content} >>`;
  });
  const catalog = '<< /Type /Catalog /Pages 2 0 R >>';
  const objects = [catalog, `<< /Type /Pages /Kids [${kids}] /Count ${repeats} >>`, font, ...streams, ...pages];
  let text = '%PDF-1.4\n';
  const offsets = objects.map((object, index) => {
    const offset = text.length;
    text += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const size = objects.length + 1;
  text += `xref\n0 ${size}\n0000000000 65535 f \n${table}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${text.length}\n%%EOF\n`;
  return Buffer.from(text, 'latin1');
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
