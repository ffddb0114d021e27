// What Whisper makes of silence does not reach the caller, and what callers say does.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CERTAIN, MARKS } from './hallucinations.ts';
import { discardReason, isSilent } from './transcript-filter.ts';

const sound = (seconds: number, level = 2_000) =>
  Int16Array.from({ length: 16_000 * seconds }, (_, at) => Math.round(level * Math.sin(at / 5)));
const reasonOf = (text: string, seconds = 3, hints: readonly string[] = []) => discardReason(text, { samples: sound(seconds), hints });

test.each([
  ['Quiero una cita para el martes, por favor.'],
  ['No, no, no, no.'],
  ['Seis uno dos, tres cuatro cinco, seis siete ocho.'],
  ['Gracias.'],
  ['Está muy bien, muy bien, gracias.'],
])('what callers say is believed: %s', (text) => {
  expect(reasonOf(text)).toBeNull();
});

test.each([
  ['¡Suscríbete al canal!', 'hallucinated_phrase'],
  ['Subtítulos realizados por la comunidad de Amara.org', 'hallucinated_phrase'],
  ['Más en www.ejemplo.es', 'hallucinated_phrase'],
  ['no no no no no no', 'repetition'],
  ['a ver a ver a ver a ver', 'repetition'],
  ['Y entonces fuimos a la casa de mi abuela que vive en el pueblo', 'too_much_text'],
  ['...', 'empty'],
])('%s is %s', (text, reason) => {
  expect(reasonOf(text, reason === 'too_much_text' ? 1 : 3)).toBe(reason);
});

test('a phrase that the flow expects is believed', () => {
  expect(reasonOf('Gracias por ver el video', 3, ['gracias por ver el vídeo'])).toBeNull();
});

test('silence is not asked about, and a quiet voice is', () => {
  expect([new Int16Array(), new Int16Array(16_000), sound(1, 10), sound(1, 100)].map(isSilent)).toEqual([true, true, true, false]);
});

test('the phrases are those of the board’s Whisper', () => {
  const python = readFileSync(new URL('../../../models/speech_to_text/1/hallucinations.py', import.meta.url), 'utf8');
  const listed = (name: string) =>
    [...(new RegExp(`^${name} = \\(([^]*?)\\)$`, 'm').exec(python)?.[1] ?? '').matchAll(/"([^"]+)"/g)].map(([, text]) => text);
  expect(listed('CERTAIN')).toEqual(CERTAIN);
  expect(listed('MARKS')).toEqual(MARKS);
});
