import { expect, test } from 'vitest';
import { sampleDocx, samplePdf } from '#features/knowledge/testing/sample-documents.ts';
import { zipArchive } from '#features/knowledge/testing/zip-archive.ts';
import type { Chunk } from './chunker.ts';
import type { DocumentFormat } from './document-format.ts';
import { readDocument } from './document-reading.ts';

async function chunksOf(format: DocumentFormat, content: string | Uint8Array): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  await readDocument(format, typeof content === 'string' ? Buffer.from(content) : new Uint8Array(content), (chunk) => chunks.push(chunk));
  return chunks;
}

test('a Word document in Spanish is read by its headings, and its tables row by row', async () => {
  const table =
    '<w:tbl><w:tr><w:tc><w:p><w:r><w:t>Masaje</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>45 €</w:t></w:r></w:p></w:tc></w:tr></w:tbl>';
  const deleted = '<w:p><w:del><w:r><w:delText>30 €</w:delText></w:r></w:del><w:r><w:t>Con cita &amp; sin espera.</w:t></w:r></w:p>';
  const docx = sampleDocx([{ text: 'Clínica Sol', style: 'Ttulo1' }, { text: 'Tarifas', style: 'Ttulo2' }, { text: 'Precios de 2026.' }], {
    body: table + deleted,
  });
  expect(await chunksOf('docx', docx)).toEqual([
    { headings: ['Clínica Sol', 'Tarifas'], text: 'Precios de 2026.\nMasaje | 45 €\nCon cita & sin espera.' },
  ]);
});

test('a PDF is read by lines, what is set larger is a heading, and a parted word is whole again', async () => {
  const pdf = samplePdf([
    [
      { text: 'Tarifas', size: 18 },
      { text: 'El masaje relajante cuesta 45 euros y dura se-' },
      { text: 'senta minutos, con cita previa.' },
    ],
    [{ text: 'Horario', size: 18 }, { text: 'Abrimos de lunes a viernes, de nueve a dos.' }],
  ]);
  expect(await chunksOf('pdf', pdf)).toEqual([
    { headings: ['Tarifas'], text: 'El masaje relajante cuesta 45 euros y dura sesenta minutos, con cita previa.' },
    { headings: ['Horario'], text: 'Abrimos de lunes a viernes, de nueve a dos.' },
  ]);
});

test('a web page is its text: no scripts, no styles, no navigation', async () => {
  const page = `<html><head><title>Clínica</title><style>p{}</style></head><body><nav>Inicio</nav><h1>Servicios</h1>
    <p>Masajes <b>relajantes</b>.</p><script>ignore()</script><ul><li>Uno<li>Dos</ul><table><tr><th>Facial<td>30 €</table></body></html>`;
  expect(await chunksOf('html', page)).toEqual([
    { headings: [], text: 'Clínica' },
    { headings: ['Servicios'], text: 'Masajes relajantes.\n- Uno\n- Dos\nFacial | 30 €' },
  ]);
});

test('Markdown is read without its marks, and rows of a table name their columns', async () => {
  const markdown =
    '---\nlayout: x\n---\n# Servicios\n\nEl *masaje* y el [facial](http://x.test).\n\n| Servicio | Precio |\n|-|-|\n| Masaje | 45 |\n\n- uno\n- dos\n';
  expect(await chunksOf('md', markdown)).toEqual([
    { headings: ['Servicios'], text: 'El masaje y el facial.\nServicio: Masaje; Precio: 45\n- uno\n- dos' },
  ]);
});

test('a spreadsheet of Windows, separated by semicolons, becomes rows that name their columns', async () => {
  const csv = Buffer.from('Servicio;Duración\r\nMasaje;"1 hora; con té"\r\nFacial;\r\n', 'latin1');
  expect(await chunksOf('csv', csv)).toEqual([{ headings: [], text: 'Servicio: Masaje; Duración: 1 hora; con té\nServicio: Facial' }]);
});

test('plain text is cut at its paragraphs, in UTF-16 too', async () => {
  const words = Buffer.from('\ufeffUno.\r\n\r\nDos.', 'utf16le');
  expect(await chunksOf('txt', words)).toEqual([{ headings: [], text: 'Uno.\nDos.' }]);
});

test('a document without text is refused', async () => {
  await expect(chunksOf('txt', ' \n\n ')).rejects.toThrow('it holds no text');
  await expect(chunksOf('pdf', samplePdf([[]]))).rejects.toThrow('it holds no text');
  await expect(chunksOf('html', '<script>1</script>')).rejects.toThrow('it holds no text');
});

test('a ZIP archive that holds no Word document, an archive inside, and too many files are refused', async () => {
  await expect(chunksOf('docx', zipArchive([{ name: 'a.txt', content: 'a' }]))).rejects.toThrow('holds no Word document');
  const nested = sampleDocx([{ text: 'a' }], { extra: [{ name: 'word/more.zip', content: zipArchive([{ name: 'a', content: 'a' }]) }] });
  await expect(chunksOf('docx', nested)).rejects.toThrow('it holds another archive, word/more.zip');
  const many = Array.from({ length: 4_001 }, (_, index) => ({ name: `word/media/${index}.png`, content: '' }));
  await expect(chunksOf('docx', sampleDocx([{ text: 'a' }], { extra: many }))).rejects.toThrow('at most 4000 are read');
});

test('a bomb is refused by what it says that it unpacks to, and by what it does when it lies', async () => {
  const zeros = Buffer.alloc(20_000_000, ' ');
  const bomb = sampleDocx([{ text: 'a' }], { extra: [{ name: 'word/media/image.xml', content: zeros }] });
  expect(bomb.length).toBeLessThan(100_000);
  await expect(chunksOf('docx', bomb)).rejects.toThrow('unpacks to more than 200 times its size');
  const lie = zipArchive([{ name: 'word/document.xml', content: zeros, announcedBytes: 1_000 }]);
  await expect(chunksOf('docx', lie)).rejects.toThrow(/too many bytes/i);
});

test('names in a document that Object has too mean nothing', async () => {
  const odd = '<constructor/><__proto__/><w:p><w:pPr><w:pStyle w:val="__proto__"/></w:pPr><w:r><w:t>Texto.</w:t></w:r></w:p>';
  expect(await chunksOf('docx', sampleDocx([], { body: odd }))).toEqual([{ headings: [], text: 'Texto.' }]);
});
