// The CPU server under the suite: once with engines that need no weights, once with weights made by hand.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCpuServer } from '@centralita/cpu-server/cpu-server.ts';
import { loadConfig } from '@centralita/cpu-server/server/config.ts';
import { llamaServerStandIn, realLlamaServer } from '@centralita/cpu-server/testing/llama-server-on-this-machine.ts';
import { ALPHABET, writeTinyLanguageModel } from '@centralita/cpu-server/testing/tiny-language-model.ts';
import { writeTinyVoice } from '@centralita/cpu-server/testing/tiny-voice.ts';
import { pino } from 'pino';
import { afterAll } from 'vitest';
import { hearingInputs, speakingInputs, writingInputs } from './example-requests.ts';
import { describeInferenceServer } from './inference-suite.ts';
import type { ServerUnderTest } from './server-under-test.ts';

const folder = mkdtempSync(join(tmpdir(), 'suite-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeTinyVoice(join(folder, 'voice'), { words: ['hola', 'adios'] });
writeTinyLanguageModel(join(folder, 'alphabet.gguf'), { ...ALPHABET, '.': '.' });
const enginesFile = join(folder, 'engines.json');
writeFileSync(
  enginesFile,
  JSON.stringify({
    text_to_speech: { engine: 'sherpa-onnx', folder: 'voice' },
    language_model: { engine: 'llama.cpp', folder: '.', slots: 1, contextTokens: 2_048 },
  }),
);

async function open(settings: Readonly<Record<string, string>>): Promise<ServerUnderTest> {
  const config = loadConfig({ ...process.env, CPU_SERVER_PORT: '0', CPU_SERVER_METRICS_PORT: '0', CPU_SERVER_WATCH_MS: '0', ...settings });
  // Our own llama-server stand-in answers what its prompt says; the real one with the model made by hand says the alphabet.
  const server = await openCpuServer({ ...config, llamaServer: realLlamaServer ?? llamaServerStandIn }, pino({ level: 'silent' }));
  return { url: `127.0.0.1:${server.grpcPort}`, [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose]() };
}

describeInferenceServer(
  'cpu-server with espeak-ng and phrases',
  [
    { role: 'speech_to_text', inputs: hearingInputs(), long: null },
    { role: 'text_to_speech', inputs: speakingInputs('Buenos días.'), long: speakingInputs('Una frase muy larga. '.repeat(90)) },
  ],
  () => open({ CPU_SERVER_ENGINES_FILE: '', SPEECH_TO_TEXT_MODEL_DIR: '', SPEECH_TO_TEXT_PHRASES_FILE: '' }),
);

describeInferenceServer(
  `cpu-server with sherpa-onnx and ${realLlamaServer === null ? "llama-server's stand-in" : 'llama-server'}`,
  [
    { role: 'text_to_speech', inputs: speakingInputs('hola'), long: speakingInputs('hola. '.repeat(300)) },
    {
      role: 'language_model',
      inputs: writingInputs(realLlamaServer === null ? 'say:a|b' : 'abc', 64),
      long: writingInputs(realLlamaServer === null ? 'hang' : '...', 1_900),
    },
  ],
  () => open({ CPU_SERVER_ENGINES_FILE: enginesFile }),
);
