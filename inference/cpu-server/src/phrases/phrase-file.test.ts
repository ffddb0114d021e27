import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { phrasesToTell, readPhraseFile } from './phrase-file.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'phrases-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function fileWith(text: string): Promise<string> {
  const path = join(folder, 'phrases.json');
  await writeFile(path, text);
  return path;
}

test('a file of phrases is read', async () => {
  expect(readPhraseFile(await fileWith('{"es": ["el viernes"], "en-US": []}'))).toEqual({ es: ['el viernes'], 'en-US': [] });
});

test.each(['{', '[]', '{"es": "el viernes"}', '{"Spanish!": []}', '{"es": [""]}'])(
  '%s is refused with the name of the variable and the file',
  async (text) => {
    const path = await fileWith(text);
    expect(() => readPhraseFile(path)).toThrow(`SPEECH_TO_TEXT_PHRASES_FILE: ${path}`);
  },
);

test('what is expected comes first, and what is written twice is told once', () => {
  const known = { es: ['¿Qué horario tienen?', 'el viernes', 'que horario tienen'], 'es-MX': ['mande'], en: ['on Friday'] };
  expect(phrasesToTell(['qué horario tienen', 'no'], 'es', known)).toEqual([
    'qué horario tienen',
    'no',
    'el viernes',
    'que horario tienen',
  ]);
  expect(phrasesToTell([], 'es-MX', known)).toEqual(['¿Qué horario tienen?', 'el viernes', 'que horario tienen', 'mande']);
  expect(phrasesToTell(['ja'], 'de', known)).toEqual(['ja']);
});
