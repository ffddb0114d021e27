// The time that containers have to come up, and the model that keeps them from it.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { findUnloadedModels, upTimeoutS } from './coming-up.ts';

it('a change of release waits for Triton as long as Triton may start, and for small models only so long that the way back takes two minutes', () => {
  const file = parse(readFileSync(new URL('../../../docker-compose.yml', import.meta.url), 'utf8'), { merge: true }) as {
    services: Record<string, { healthcheck: { start_period: string } }>;
  };
  expect(file.services['triton-language']?.healthcheck.start_period).toBe('10m');
  expect(upTimeoutS({ profile: 'gpu', isWatched: true })).toBe(600);
  expect(upTimeoutS({ profile: 'cpu', isWatched: true })).toBeLessThanOrEqual(75);
  expect(upTimeoutS({ profile: 'gpu', isWatched: false })).toBeGreaterThan(600);
});

it('a model that Triton could not load is named with the reason, once', () => {
  const log = `triton-speech-1  | I1122 09:00:01.000001 1 model_lifecycle.cc:473] "loading: text_to_speech:1"
triton-speech-1  | E1122 09:00:09.123456 1 model_lifecycle.cc:654] "failed to load 'text_to_speech' version 1: Internal: ModelUnusable: /models/kokoro-82m lacks config.json"
triton-speech-1  | E1122 09:00:09.123460 1 model_lifecycle.cc:654] "failed to load 'text_to_speech' version 1: Internal: ModelUnusable: /models/kokoro-82m lacks config.json"
triton-language-1  | E1122 09:00:02.000000 1 model_repository_manager.cc:1460] "Poll failed for model directory 'language_model': failed to open text file for read"
`;
  expect(findUnloadedModels(log)).toEqual([
    'the model text_to_speech does not load: Internal: ModelUnusable: /models/kokoro-82m lacks config.json',
    'the model language_model does not load: failed to open text file for read',
  ]);
  expect(findUnloadedModels('control-plane-1  | ready\n')).toEqual([]);
});
