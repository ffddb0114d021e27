// Which engines the CPU server gets for the weights that are here.
import { expect, test } from 'vitest';
import type { PlacedModel } from '#sizing/sizing-plan.ts';
import { listAbsent, listEngines } from './engine-list.ts';
import { modelSettings } from './engines-verb.ts';
import { llamaServerSettings } from './llama-server.ts';

const placed = (role: PlacedModel['role'], name: string, settings: PlacedModel['settings']) => ({ role, name, settings, gpuUuid: null });
const models = [
  placed('speech_to_text', 'parakeet', { engine: 'sherpa-onnx', threads: 3 }),
  placed('text_to_speech', 'piper-es', { engine: 'sherpa-onnx', threads: 1 }),
  placed('language_model', 'qwen', { engine: 'llama.cpp', threads: 3, context_tokens: 4_096, max_sequences: 4 }),
  placed('embedding', 'minilm', { engine: 'onnxruntime' }),
];

test('planned models whose weights are here are served with their threads, their slots and their context', () => {
  const installed = ['parakeet', 'piper-es', 'qwen'];
  expect(listEngines({ models, installed })).toEqual({
    speech_to_text: { engine: 'sherpa-onnx', folder: 'parakeet', threads: 3 },
    text_to_speech: { engine: 'sherpa-onnx', folder: 'piper-es', threads: 1 },
    language_model: { engine: 'llama.cpp', folder: 'qwen', threads: 3, slots: 4, contextTokens: 4_096 },
  });
  expect(listAbsent({ models, installed: [...installed, 'minilm'] })).toEqual([]);
});

test('without weights there are a voice and phrases, no language model, and the names of what is missing', () => {
  expect(listEngines({ models, installed: ['minilm'] })).toEqual({
    speech_to_text: { engine: 'phrases' },
    text_to_speech: { engine: 'espeak-ng' },
  });
  expect(listAbsent({ models, installed: ['minilm'] })).toEqual(['parakeet', 'piper-es', 'qwen']);
  expect(listAbsent({ models, installed: [] })).toContain('minilm');
  expect(listAbsent({ models: [{ ...placed('language_model', 'qwen3-8b', {}), gpuUuid: 'GPU-1' }], installed: [] })).toEqual([]);
});

test('knowledge gets the planned model that is here, text its own server, and what the operator named stays', () => {
  const plan = { models: [{ ...placed('embedding', 'minilm', {}), precision: 'float32', vramBytes: 0, memoryFraction: null }] };
  const settings = { LANGUAGE_MODEL_URL: '', EMBEDDING_MODEL_DIR: '' };
  const languageModelUrl = '127.0.0.1:8001';
  expect(modelSettings({ home: '/home', settings, plan, languageModelUrl })).toEqual({
    LANGUAGE_MODEL_URL: '127.0.0.1:8001',
    EMBEDDING_MODEL_DIR: '/home/models/minilm',
  });
  const named = { ...settings, LANGUAGE_MODEL_URL: '10.0.0.5:8001', EMBEDDING_MODEL_DIR: '/mine' };
  expect(modelSettings({ home: '/home', settings: named, plan, languageModelUrl })).toEqual({});
  expect(modelSettings({ home: '/home', settings, plan: { models: [] }, languageModelUrl: null })).toEqual({});
});

test('llama-server runs through the loader of the root, from the folder of its backends', () => {
  expect(llamaServerSettings({ dir: '/home/root', multiarch: 'x86_64-linux-gnu' })).toEqual({
    LLAMA_SERVER_COMMAND: JSON.stringify([
      '/home/root/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2',
      '--library-path',
      '/home/root/usr/lib/x86_64-linux-gnu:/home/root/usr/lib/x86_64-linux-gnu/llama',
      '/home/root/usr/bin/llama-server',
    ]),
    LLAMA_SERVER_DIR: '/home/root/usr/lib/x86_64-linux-gnu/ggml/backends0',
  });
});
