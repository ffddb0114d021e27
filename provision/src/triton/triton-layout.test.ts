/** A sizing plan becomes the folders, files and command lines that Triton is started with. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readFile } from 'node:fs/promises';
import { readManifest } from '#models/manifest.ts';
import type { PlacedModel } from '#sizing/sizing-plan.ts';
import { setMaxBatch, setParameters } from './model-configuration.ts';
import { readModelSources } from './model-sources.ts';
import { layOutTriton } from './triton-layout.ts';
import type { TritonParts } from './triton-layout.ts';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const sources = await readModelSources(repository);
const manifest = readManifest(await readFile(`${repository}/provision/models.json`, 'utf8'));

const BOARD = 'GPU-00000000-0000-0000-0000-000000000001';
const OTHER = 'GPU-00000000-0000-0000-0000-000000000002';

const whisper: PlacedModel = {
  role: 'speech_to_text',
  name: 'whisper-large-v3-turbo',
  precision: 'int8',
  vramBytes: 3e9,
  gpuUuid: BOARD,
  memoryFraction: 0.125,
  settings: { engine: 'whisper', max_batch: 4 },
};
const kokoro: PlacedModel = {
  ...whisper,
  role: 'text_to_speech',
  name: 'kokoro-82m',
  precision: 'float32',
  memoryFraction: 0.06,
  settings: {},
};
const f5: PlacedModel = { ...kokoro, name: 'f5-tts-spanish', precision: 'float16', settings: { engine: 'f5-tts', nfe_steps: 32 } };
const qwen: PlacedModel = {
  role: 'language_model',
  name: 'qwen3-8b-awq',
  precision: 'awq',
  vramBytes: 12e9,
  gpuUuid: BOARD,
  memoryFraction: 0.5,
  settings: { engine: 'vllm', kv_cache_dtype: 'fp8', kv_bytes: 5_000_000_000, context_tokens: 4_096, max_sequences: 18 },
};

const parts = (...models: PlacedModel[]): TritonParts => ({
  plan: { models },
  manifest,
  sources,
  paths: { models: '/models', voices: '/models/voices', conversions: '/conversions' },
  allowsNonCommercial: false,
});
const textOf = (layout: ReturnType<typeof layOutTriton>, path: string): string => {
  const file = layout.files.find((one) => one.path === path);
  if (!file) throw new Error(`no ${path} among ${layout.files.map((one) => one.path).join(', ')}`);
  return file.text;
};
const parameter = (text: string, name: string): string | undefined =>
  new RegExp(`key: "${name}" value: \\{ string_value: "([^"]*)"`).exec(text)?.[1];

test('one board carries two processes: speech with our Python, language with vLLM', () => {
  const layout = layOutTriton(parts(whisper, kokoro, qwen));
  expect(layout.processes.map(({ name, kind, roles, gpuUuid }) => ({ name, kind, roles, gpuUuid }))).toEqual([
    { name: 'speech', kind: 'speech', roles: ['speech_to_text', 'text_to_speech'], gpuUuid: BOARD },
    { name: 'language', kind: 'language', roles: ['language_model'], gpuUuid: BOARD },
  ]);
  const paths = layout.files.map(({ path }) => path);
  expect(paths).toEqual(expect.arrayContaining(['speech/speech_to_text/config.pbtxt', 'speech/speech_to_text/1/model.py']));
  expect(paths).toEqual(expect.arrayContaining(['speech/text_to_speech/1/failures.py', 'speech/text_to_speech/1/contract.json']));
  expect(paths.filter((path) => path.startsWith('language/'))).toEqual([
    'language/language_model/config.pbtxt',
    'language/language_model/1/model.json',
  ]);
  expect(paths.filter((path) => path.includes('stand_in') || path.includes('test'))).toEqual([]);
});

test('what sizing chose stands in the configuration: precision, batch, folder', () => {
  const text = textOf(layOutTriton(parts(whisper, kokoro)), 'speech/speech_to_text/config.pbtxt');
  expect(parameter(text, 'precision')).toBe('int8_float16');
  expect(parameter(text, 'max_batch')).toBe('4');
  expect(text).toContain('\nmax_batch_size: 4\n');
  expect(parameter(text, 'model_folder')).toBe('/models/whisper-large-v3-turbo');
  expect(parameter(text, 'beam_size')).toBe('5');
});

test('the voice is the one with a licence for business, and another is told that it has none', () => {
  const commercial = textOf(layOutTriton(parts(whisper, kokoro)), 'speech/text_to_speech/config.pbtxt');
  expect(parameter(commercial, 'engine')).toBe('kokoro');
  expect(parameter(commercial, 'allows_commercial_use')).toBe('true');
  expect(parameter(commercial, 'memory_fraction')).toBe('0.06');
  const forbidden = textOf(layOutTriton(parts(whisper, f5)), 'speech/text_to_speech/config.pbtxt');
  expect(
    ['engine', 'licence', 'allows_commercial_use', 'allow_non_commercial', 'nfe_steps'].map((name) => parameter(forbidden, name)),
  ).toEqual(['f5-tts', 'CC-BY-NC-4.0', 'false', 'false', '32']);
  const allowed = layOutTriton({ ...parts(whisper, { ...f5, name: 'f5-tts-v1-base' }), allowsNonCommercial: true });
  const text = textOf(allowed, 'speech/text_to_speech/config.pbtxt');
  expect([parameter(text, 'allow_non_commercial'), parameter(text, 'architecture')]).toEqual(['true', 'v1']);
  expect(parameter(text, 'vocoder_folder')).toBe('/models/vocos-mel-24khz');
});

test('vLLM is given the memory of the calls in bytes and no more of the board than planned', () => {
  const read = (model: PlacedModel) =>
    JSON.parse(textOf(layOutTriton(parts(whisper, kokoro, model)), 'language/language_model/1/model.json')) as Record<string, unknown>;
  expect(read(qwen)).toEqual({
    model: '/models/qwen3-8b-awq',
    gpu_memory_utilization: 0.5,
    kv_cache_memory_bytes: 5_000_000_000,
    max_model_len: 4_096,
    max_num_seqs: 18,
    dtype: 'auto',
    kv_cache_dtype: 'fp8',
    enable_prefix_caching: true,
    disable_log_stats: false,
  });
  expect(read({ ...qwen, name: 'qwen3-8b', precision: 'fp8' })['quantization']).toBe('fp8');
  expect(() => layOutTriton(parts({ ...qwen, settings: { context_tokens: 4_096 } }))).toThrow('without kv_bytes');
});

test('the arguments that are shipped for vLLM are of the same names as the rendered ones', () => {
  const shipped = sources.language_model.files.find(({ path }) => path === 'model.json')?.text ?? '{}';
  const rendered = textOf(layOutTriton(parts(whisper, kokoro, qwen)), 'language/language_model/1/model.json');
  expect(Object.keys(JSON.parse(shipped) as object).every((key) => key in (JSON.parse(rendered) as object))).toBe(true);
});

test('speech on two boards or slices is two processes, and each process sees its own board alone', () => {
  const { processes } = layOutTriton(parts(whisper, { ...kokoro, gpuUuid: OTHER }, { ...qwen, gpuUuid: OTHER }));
  expect(processes.map(({ name, gpuUuid }) => [name, gpuUuid])).toEqual([
    ['speech-to-text', BOARD],
    ['text-to-speech', OTHER],
    ['language', OTHER],
  ]);
});

test('a plan without boards asks for no Triton, and one with an unknown model is an error', () => {
  expect(layOutTriton(parts({ ...whisper, gpuUuid: null, memoryFraction: null }))).toEqual({ files: [], processes: [] });
  expect(() => layOutTriton(parts({ ...whisper, name: 'whisper-unknown' }))).toThrow('which the manifest does not have');
});

test('a parameter that the configuration does not have is an error, not a line that nobody reads', () => {
  const text = 'max_batch_size: 8\nparameters { key: "a" value: { string_value: "1" } }\n';
  expect(setParameters(text, { a: '/x-1' })).toContain('string_value: "/x-1"');
  expect(() => setParameters(text, { b: '1' })).toThrow('no parameter b');
  expect(() => setParameters(text, { a: 'x" }' })).toThrow('no quotes');
  expect(setMaxBatch(text, 4)).toContain('max_batch_size: 4');
  expect(() => setMaxBatch('name: "x"', 4)).toThrow('max_batch_size');
});
