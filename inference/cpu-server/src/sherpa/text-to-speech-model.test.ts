// The voice over sherpa-onnx: sound by sentence, its speakers, and weights that do not load.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { textTensor, type Tensor } from 'triton-client-grpc-generated';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { contractViolation, readContract } from '#server/contract.ts';
import type { RoleModel } from '#server/role-model.ts';
import { SAMPLES_PER_SOUND, TINY_VOICE_HZ, writeTinyVoice } from '#testing/tiny-voice.ts';
import { openSherpaVoiceModel } from './text-to-speech-model.ts';
import { findVoice } from './voice-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'voice-'));
const limits = { maxRunning: 2, maxWaiting: 4 };
let model: RoleModel;
beforeAll(async () => {
  writeTinyVoice(folder, { words: ['hola', 'buenos', 'dias'], speakers: 2 });
  writeFileSync(join(folder, 'speakers.json'), '{"eva": 1}');
  model = await openSherpaVoiceModel({ folder, threads: 1, language: 'es', limits });
});
afterAll(async () => {
  await model[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const inputs = (text: string, parts: { voice?: string; language?: string } = {}): readonly Tensor[] => [
  textTensor('TEXT', [text]),
  textTensor('LANGUAGE', [parts.language ?? 'es-MX']),
  textTensor('VOICE', [parts.voice ?? '']),
  { name: 'SPEED', datatype: 'FP32', shape: [1, 1], values: Float32Array.of(1) },
];
async function chunksOf(tensors: readonly Tensor[], signal = new AbortController().signal): Promise<readonly (readonly Tensor[])[]> {
  const chunks: (readonly Tensor[])[] = [];
  for await (const outputs of model.run(tensors, signal)) chunks.push(outputs);
  return chunks;
}

test('each sentence is sound of its own as soon as it is made, and keeps the contract', async () => {
  const chunks = await chunksOf(inputs('hola. buenos dias. hola'));
  for (const outputs of chunks) expect(contractViolation(readContract('text_to_speech').outputs, outputs)).toBeNull();
  expect(chunks).toHaveLength(3);
  expect(chunks[2]?.map(({ values }) => values.length)).toEqual(['hola'.length * SAMPLES_PER_SOUND, 1]);
  expect(chunks[0]?.[1]?.values).toEqual(Int32Array.of(TINY_VOICE_HZ));
});

test('a blank text has no sound', async () => {
  expect(await chunksOf(inputs(' \n'))).toEqual([]);
});

test.each<[string, readonly Tensor[], RegExp]>([
  ['a speaker that it has not', inputs('hola', { voice: '2' }), /tensor VOICE: this voice has no speaker "2"; it has eva, or 0 to 1/],
  ['a language that it does not speak', inputs('hello', { language: 'en' }), /tensor LANGUAGE: this voice speaks es, not "en"/],
])('%s is an invalid argument that says so', async (...[, tensors, message]) => {
  await expect(chunksOf(tensors)).rejects.toMatchObject({ refusal: 'invalid_argument', message: expect.stringMatching(message) as string });
});

test('a speaker is named or numbered, and a cancelled text leaves the voice to the next one', async () => {
  expect(await chunksOf(inputs('hola', { voice: 'eva' }))).toHaveLength(1);
  const leaving = new AbortController();
  const long = chunksOf(inputs('hola. '.repeat(200)), leaving.signal);
  leaving.abort();
  await expect(long).rejects.toThrow(/abort/);
  expect(await chunksOf(inputs('hola', { voice: '1' }))).toHaveLength(1);
});

test('weights that do not load are an error, and the server lives', async () => {
  const bad = mkdtempSync(join(tmpdir(), 'voice-'));
  writeTinyVoice(bad, { words: ['hola'] });
  writeFileSync(join(bad, 'model.onnx'), 'no weights');
  await expect(openSherpaVoiceModel({ folder: bad, threads: 1, limits })).rejects.toThrow(/its process ended with/);
  rmSync(bad, { recursive: true });
});

test('the kind of voice is told by its files, and what is missing is named', () => {
  const place = mkdtempSync(join(tmpdir(), 'voice-'));
  const put = (...names: readonly string[]) => {
    for (const name of names) writeFileSync(join(place, name), '');
  };
  expect(() => findVoice(place)).toThrow(/lacks the model \(\*\.onnx\), tokens\.txt, espeak-ng-data or lexicon\.txt/);
  put('es_ES-sharvard-medium.onnx', 'tokens.txt', 'lexicon.txt');
  writeFileSync(join(place, 'es_ES-sharvard-medium.onnx.json'), '{"language": {"code": "es_ES"}, "speaker_id_map": {"F": 1}}');
  expect(findVoice(place)).toMatchObject({ kind: 'vits', language: 'es-ES', speakers: { F: 1 } });
  put('vocos-22khz-univ.onnx');
  expect(findVoice(place)).toMatchObject({ kind: 'matcha', vocoder: join(place, 'vocos-22khz-univ.onnx') });
  put('voices.bin', 'model.int8.onnx');
  expect(findVoice(place)).toMatchObject({ kind: 'kokoro', model: join(place, 'model.int8.onnx') });
  rmSync(place, { recursive: true });
});
