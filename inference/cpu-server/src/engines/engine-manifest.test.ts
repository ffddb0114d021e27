// The file that names the engine of each role, and the environment where there is no file.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadConfig } from '#server/config.ts';
import { engineManifest, readEngineManifest } from './engine-manifest.ts';
import { limitsOf, openEngine } from './open-engine.ts';

const folder = mkdtempSync(join(tmpdir(), 'engines-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'engines.json');
const write = (content: unknown) => writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));

test('without a file the environment names the engines, as before', () => {
  expect(engineManifest(loadConfig({}))).toEqual({ text_to_speech: { engine: 'espeak-ng' }, speech_to_text: { engine: 'phrases' } });
  expect(engineManifest(loadConfig({ SPEECH_TO_TEXT_MODEL_DIR: '/m', SPEECH_TO_TEXT_PHRASES_FILE: '/p' })).speech_to_text).toEqual({
    engine: 'sherpa-onnx',
    folder: '/m',
  });
});

test('a file names engine, folder, threads, slots and queue by role; its folders begin where it lies', () => {
  write({
    speech_to_text: { engine: 'sherpa-onnx', folder: 'parakeet', threads: 2 },
    language_model: { engine: 'llama.cpp', folder: '/weights/qwen', slots: 3, queue: 5, contextTokens: 2048 },
  });
  const manifest = engineManifest(loadConfig({ CPU_SERVER_ENGINES_FILE: file }));
  expect(manifest).toEqual({
    speech_to_text: { engine: 'sherpa-onnx', folder: join(folder, 'parakeet'), threads: 2 },
    language_model: { engine: 'llama.cpp', folder: '/weights/qwen', slots: 3, queue: 5, contextTokens: 2048 },
  });
  expect(limitsOf(manifest, 'language_model')).toEqual({ maxRunning: 3, maxWaiting: 5 });
  expect(limitsOf(manifest, 'speech_to_text')).toEqual({ maxRunning: 2, maxWaiting: 64 });
});

test.each<[string, unknown, RegExp]>([
  ['no JSON', '{', /engines\.json does not say which engine serves which role/],
  ['no role', {}, /names no role/],
  ['a role that does not exist', { hearing: { engine: 'phrases' } }, /hearing/],
  ['an engine that does not exist', { text_to_speech: { engine: 'festival' } }, /text_to_speech\.engine/],
  ['a model without a folder', { language_model: { engine: 'llama.cpp' } }, /language_model\.folder/],
  ['a limit out of range', { text_to_speech: { engine: 'espeak-ng', slots: 0 } }, /text_to_speech\.slots/],
  ['a setting of another engine', { text_to_speech: { engine: 'espeak-ng', folder: '/x' } }, /folder/],
])('%s is refused, with the file and the field named', (...[, content, message]) => {
  write(content);
  expect(() => readEngineManifest(file)).toThrow(message);
  expect(() => readEngineManifest(file)).toThrow(file);
});

test('a role that the file no longer names does not load', async () => {
  await expect(openEngine({}, 'language_model', loadConfig({}))).rejects.toThrow('no longer names language_model');
});
