import { expect, test } from 'vitest';
import { recognizeFormat } from './document-format.ts';

const reasonOf = (name: string, content: string | Buffer) => {
  const outcome = recognizeFormat(name, Buffer.from(content as string, 'latin1'));
  return outcome.kind === 'refused' ? outcome.reason : `recognized ${outcome.format}`;
};

test('the ending of the name and the first bytes together say what a file is', () => {
  expect(reasonOf('Tarifas.PDF', '%PDF-1.7\n')).toBe('recognized pdf');
  expect(reasonOf('tarifas.docx', 'PK\u0003\u0004')).toBe('recognized docx');
  expect(reasonOf('tarifas.htm', '<html>')).toBe('recognized html');
  expect(reasonOf('tarifas.csv', 'a;b')).toBe('recognized csv');
});

test('a file that begins otherwise than its name says is refused, naming both', () => {
  expect(reasonOf('tarifas.txt', '%PDF-1.7')).toBe('the name ends as that of a TXT file, and it begins as a PDF');
  expect(reasonOf('tarifas.pdf', 'PK\u0003\u0004')).toBe('the name ends as that of a PDF file, and it begins as a ZIP archive');
  expect(reasonOf('tarifas.docx', Buffer.from('d0cf11e0a1b11ae1', 'hex').toString('latin1'))).toContain('before 2007');
  expect(reasonOf('tarifas.csv', 'a\0b')).toContain('something that is no text');
});

test('an empty file and a name without an ending that is taken are refused', () => {
  expect(reasonOf('tarifas.txt', '')).toBe('the file is empty');
  expect(reasonOf('tarifas.xlsx', 'PK\u0003\u0004')).toContain('the name must end in .pdf, .docx');
  expect(reasonOf('tarifas.constructor', 'hola')).toContain('the name must end in');
  expect(reasonOf('tarifas', 'hola')).toContain('the name must end in');
});

test('text in UTF-16 is text though every other byte of it is zero', () => {
  expect(recognizeFormat('a.txt', Buffer.from('\ufeffhola', 'utf16le'))).toEqual({ kind: 'recognized', format: 'txt' });
});
