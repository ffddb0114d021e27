import { expect, test } from 'vitest';
import { loadConfig } from './config.ts';

test('an empty environment gives the documented defaults', () => {
  expect(loadConfig({})).toEqual({
    host: '127.0.0.1',
    grpcPort: 8001,
    metricsPort: 8002,
    espeak: { argv: ['espeak-ng'], env: { PATH: '/usr/local/bin:/usr/bin:/bin' } },
    llamaServer: { argv: ['llama-server'], env: { PATH: '/usr/local/bin:/usr/bin:/bin' }, folder: null },
    enginesFile: null,
    watchMs: 5_000,
    speechToTextModelDir: null,
    speechToTextPhrasesFile: null,
    logLevel: 'info',
  });
});

test('espeak-ng may be started through a loader, as words or as JSON, with its voices elsewhere', () => {
  const words = loadConfig({
    ESPEAK_COMMAND: '/root/ld.so --library-path /root/lib  /root/espeak-ng',
    ESPEAK_DATA_PATH: '/root/voices',
    PATH: '/bin',
  });
  expect(words.espeak).toEqual({
    argv: ['/root/ld.so', '--library-path', '/root/lib', '/root/espeak-ng'],
    env: { PATH: '/bin', ESPEAK_DATA_PATH: '/root/voices' },
  });
  expect(loadConfig({ ESPEAK_COMMAND: '["/my root/espeak-ng", "-q"]' }).espeak.argv).toEqual(['/my root/espeak-ng', '-q']);
});

test('one error names every wrong variable with its value', () => {
  const load = () => loadConfig({ CPU_SERVER_PORT: '70000', CPU_SERVER_METRICS_PORT: 'x', ESPEAK_COMMAND: '[1]', LOG_LEVEL: 'loud' });
  for (const part of ['CPU_SERVER_PORT = "70000"', 'CPU_SERVER_METRICS_PORT = "x"', 'ESPEAK_COMMAND = "[1]"', 'LOG_LEVEL = "loud"']) {
    expect(load).toThrow(part);
  }
});

test('a variable set to nothing counts as not set', () => {
  expect(loadConfig({ SPEECH_TO_TEXT_MODEL_DIR: '', CPU_SERVER_PORT: '' })).toMatchObject({ speechToTextModelDir: null, grpcPort: 8001 });
});
