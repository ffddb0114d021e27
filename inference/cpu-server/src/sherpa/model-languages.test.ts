// Languages are known before the engine is told: it would not refuse, it would end.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { modelLanguages } from './model-languages.ts';

const whisper = modelLanguages('whisper');

test('Whisper knows its languages by codes of its own, and no other is told to it', () => {
  expect(['es-MX', 'EN_us', 'nb-NO', 'yue', ' ca '].map(whisper)).toEqual(['es', 'en', 'no', 'zh', 'ca']);
  expect(['ast', 'xx', '', 'klingon', '__proto__', 'constructor'].map(whisper)).toEqual([null, null, null, null, null, null]);
});

test('it is the same list as the one beside the board’s Whisper, but for Cantonese, which only the newest know', () => {
  const python = readFileSync(new URL('../../../models/speech_to_text/1/whisper_languages.py', import.meta.url), 'utf8');
  const codes = (/frozenset\(([^)]*)\.split/.exec(python)?.[1] ?? '').replaceAll(/["\n]/g, ' ').trim().split(/\s+/);
  const aliases = [...python.matchAll(/"([a-z]+)": "([a-z]+)"/g)].map(([, from = '', to = '']) => [from, to] as const);
  expect([codes.length, aliases.length]).toEqual([100, 7]);
  expect(codes.map(whisper)).toEqual(codes.map((code) => (code === 'yue' ? 'zh' : code)));
  expect(aliases.map(([from]) => whisper(from))).toEqual(aliases.map(([, to]) => to));
});

test('canary is told four languages, and none that it would take for English', () => {
  expect(['es-419', 'EN', 'fr', 'de', 'it'].map(modelLanguages('canary'))).toEqual(['es', 'en', 'fr', 'de', null]);
});

test('a transducer is told none, and so refuses none', () => {
  expect(modelLanguages('transducer')('ast')).toBe('ast');
});
