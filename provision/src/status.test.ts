import { expect, it } from 'vitest';
import { describeConfigured } from '#cpu-engines/configured-engines.ts';
import { bareFacts } from './sample-facts.ts';

import { describeEngine, readGauge, readStatus } from './status.ts';

const series = (engine: string, value: number): string =>
  `# HELP centralita_inference_engine_info Engine.\ncentralita_inference_engine_info{model="text_to_speech",engine="espeak-ng"} 1\ncentralita_inference_engine_info{model="speech_to_text",engine="${engine}"} ${value}\n`;
const phrases = describeConfigured({ environmentText: '', enginesText: '' }).recognition;

it('says that phrases is for demo and test voices only', () => {
  expect(describeEngine(series('phrases', 1), 'speech_to_text', phrases)).toMatch(/^phrases: for demo and test voices only/);
});

it('names the engine that runs, whatever has been configured since', () => {
  expect(describeEngine(series('sherpa-onnx', 1), 'speech_to_text', phrases)).toBe('sherpa-onnx');
});

it('says that an engine is not ready, and that a server does not answer', () => {
  expect(describeEngine(series('sherpa-onnx', 0), 'speech_to_text', phrases)).toMatch(/^sherpa-onnx; NOT READY/);
  expect(describeEngine(null, 'text_to_speech', 'espeak-ng')).toBe('espeak-ng (configured; the inference server does not answer)');
});

it('reads the calls that are up', () => {
  expect(readGauge('centralita_calls_live_max 9\ncentralita_calls_live 3\n', 'centralita_calls_live')).toBe(3);
  expect(readGauge('', 'centralita_calls_live')).toBeNull();
});

it('of a machine without an installation says only that', async () => {
  expect(await readStatus(bareFacts())).toEqual({ isReady: false, lines: ['Not installed: run ./provision.sh'] });
});
