// The Python of our Triton models under the suite: a host of ours plays Triton, and stand-ins play the weights.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';
import { z } from 'zod';
import { hearingInputs, speakingInputs } from './example-requests.ts';
import { describeInferenceServer } from './inference-suite.ts';
import type { ServerUnderTest } from './server-under-test.ts';

/** Debian's, which has Debian's packages. */
const PYTHON = '/usr/bin/python3';
const host = fileURLToPath(new URL('../../models/testing/host.py', import.meta.url));
const readySchema = z.object({ port: z.number() });
const lacking = spawnSync(PYTHON, ['-c', 'import grpc, numpy, google.protobuf']).status !== 0;

if (lacking) {
  process.stdout.write(
    'python-host.test: skipped, Python lacks what it runs on: apt-get install python3-grpcio python3-numpy python3-protobuf\n',
  );
}

async function open(): Promise<ServerUnderTest> {
  const child = spawn(PYTHON, ['-B', host, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  for await (const line of createInterface(child.stdout)) {
    const { port } = readySchema.parse(JSON.parse(line));
    const stop = async () => {
      child.kill('SIGTERM');
      await ended;
    };
    return { url: `127.0.0.1:${port}`, [Symbol.asyncDispose]: stop };
  }
  throw new Error(`${host} ended before it was ready`);
}

describe.skipIf(lacking)('without Triton', () => {
  describeInferenceServer(
    "the Python of Triton's models",
    [
      { role: 'speech_to_text', inputs: hearingInputs(), long: null },
      { role: 'text_to_speech', inputs: speakingInputs('Buenos días.'), long: speakingInputs('Una frase muy larga. '.repeat(90)) },
    ],
    open,
  );
});
