/** What docker-compose.yml starts Triton with: both kinds alike, and closed to whatever the control plane never asks for. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readTritonCommands } from './triton-command.ts';

const commandOf = await readTritonCommands(fileURLToPath(new URL('../../..', import.meta.url)));
const speech = commandOf({ name: 'speech', kind: 'speech' });
const language = commandOf({ name: 'language', kind: 'language' });

test('each kind loads its own folder, and speech on two boards each its part', () => {
  expect(speech).toContain('--model-repository=/models/triton/speech');
  expect(language).toContain('--model-repository=/models/triton/language');
  expect(commandOf({ name: 'text-to-speech', kind: 'speech' })).toContain('--model-repository=/models/triton/text-to-speech');
  const rest = (words: readonly string[]) => words.filter((word) => !word.startsWith('--model-repository='));
  expect(rest(language)).toEqual(rest(speech));
});

test('what runs has a key that nobody knows, other each time, before what the control plane never uses, and HTTP for its own container alone', () => {
  // As in the image, with a program in Triton's place that tells what it was given.
  const run = () =>
    spawnSync('bash', ['-c', `tritonserver() { printf '%s\\n' "$@"; }\n${(speech[2] ?? '').replace(/^exec /, '')}`, ...speech.slice(3)]);
  const [first, second] = [run(), run()].map(({ stdout }) => stdout.toString().trimEnd().split('\n'));
  expect(first).toEqual(
    expect.arrayContaining([
      '--http-address=127.0.0.1',
      '--metrics-address=0.0.0.0',
      '--grpc-http2-min-recv-ping-interval-without-data=10000',
    ]),
  );
  const closed = (words: readonly string[] = []) => words.find((word) => word.startsWith('--grpc-restricted-protocol='));
  expect(closed(first)).toMatch(/^--grpc-restricted-protocol=shared-memory,model-config,trace,logging:admin-key=[0-9a-f-]{36}$/);
  expect(closed(second)).not.toBe(closed(first));
  expect(first?.join()).not.toContain('model-control-mode');
});
