import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { findSpeechModel } from './model-files.ts';
import { recogniserConfig } from './recogniser-config.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'speech-model-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

test('a Whisper export is known by its files, and the smaller weights are taken', () => {
  const folder = folderWith({
    'tiny-encoder.onnx': '',
    'tiny-encoder.int8.onnx': '',
    'tiny-decoder.int8.onnx': '',
    'tiny-tokens.txt': 'IQ== 0\n',
  });
  const files = findSpeechModel(folder);
  expect(files).toEqual({
    kind: 'whisper',
    encoder: join(folder, 'tiny-encoder.int8.onnx'),
    decoder: join(folder, 'tiny-decoder.int8.onnx'),
    tokens: join(folder, 'tiny-tokens.txt'),
  });
  expect(recogniserConfig(files, { language: 'es', threads: 2 }).modelConfig).toMatchObject({
    whisper: { language: 'es', task: 'transcribe' },
    numThreads: 2,
  });
});

test('three networks are a NeMo transducer', () => {
  const files = findSpeechModel(
    folderWith({ 'encoder.int8.onnx': '', 'decoder.int8.onnx': '', 'joiner.int8.onnx': '', 'tokens.txt': '<blk> 0\n' }),
  );
  expect(files.kind).toBe('transducer');
  expect(recogniserConfig(files, { language: 'es', threads: 1 }).modelConfig).toMatchObject({ modelType: 'nemo_transducer' });
});

test('a vocabulary with control words is canary, told both languages', () => {
  const files = findSpeechModel(folderWith({ 'encoder.onnx': '', 'decoder.onnx': '', 'tokens.txt': '<|es|> 0\n' }));
  expect(files.kind).toBe('canary');
  expect(recogniserConfig(files, { language: 'es', threads: 1 }).modelConfig).toMatchObject({ canary: { srcLang: 'es', tgtLang: 'es' } });
});

test('what is missing is named together with the layouts that would do', () => {
  const folder = folderWith({ 'encoder.onnx': '' });
  expect(() => findSpeechModel(folder)).toThrow(
    `SPEECH_TO_TEXT_MODEL_DIR ${folder} lacks decoder.onnx, tokens.txt. Expected in it one of:`,
  );
  expect(() => findSpeechModel(join(folder, 'nowhere'))).toThrow(/nowhere cannot be read/);
});
