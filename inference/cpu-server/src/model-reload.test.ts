// The whole server over gRPC while its models change under it.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openTritonClient, type TritonClient } from 'triton-client-grpc-generated';
import { loadConfig } from '#server/config.ts';
import { promptTensors, wholeAnswer } from '#testing/language-model-requests.ts';
import { llamaServerStandIn } from '#testing/llama-server-on-this-machine.ts';
import { openCpuServer, type CpuServer } from './cpu-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'engines-'));
const enginesFile = join(folder, 'engines.json');
const weights = join(folder, 'weights', 'model.gguf');
let server: CpuServer;
let client: TritonClient;

const name = (slots: number) =>
  writeFileSync(enginesFile, JSON.stringify({ language_model: { engine: 'llama.cpp', folder: 'weights', slots, queue: 3 } }));

beforeAll(async () => {
  mkdirSync(join(folder, 'weights'));
  writeFileSync(weights, 'first');
  name(1);
  const config = loadConfig({ CPU_SERVER_PORT: '0', CPU_SERVER_METRICS_PORT: '0', CPU_SERVER_ENGINES_FILE: enginesFile });
  server = await openCpuServer({ ...config, llamaServer: llamaServerStandIn, watchMs: 50 }, pino({ level: 'silent' }));
  client = openTritonClient({ url: `127.0.0.1:${server.grpcPort}` });
});
afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  name(1);
  writeFileSync(weights, 'first');
  await client.loadModel('language_model');
});

async function* outputsOf(prompt: string, signal?: AbortSignal) {
  const replies = client.streamInfer({ model: 'language_model', inputs: promptTensors(prompt) }, { signal });
  for await (const { outputs } of replies) yield outputs;
}
/** A request that goes on until it is left; `began` resolves with its first piece. */
function hold() {
  const leaving = new AbortController();
  const replies = outputsOf('hang', leaving.signal);
  const began = replies.next();
  const ended = began.then(() => replies.next()).catch((cause: unknown) => cause);
  return { began, leave: async () => (leaving.abort(), await ended) };
}
const ask = async (prompt: string) => (await wholeAnswer(outputsOf(prompt))).pieces.join('');
const whichModel = () => ask('which model').catch(String);

test('only the roles of the file are served, and each says its slots and its queue', async () => {
  expect((await client.repositoryIndex()).map((model) => [model.name, model.state])).toEqual([['language_model', 'READY']]);
  expect(await client.modelMetadata('language_model')).toMatchObject({
    platform: 'llama.cpp',
    properties: { engine: 'llama.cpp', slots: '1', queue: '3' },
  });
  const metrics = await (await fetch(`http://127.0.0.1:${server.metricsPort}/metrics`)).text();
  expect(metrics).toContain('centralita_inference_slots{model="language_model"} 1');
  expect(metrics).toContain('centralita_inference_queue_limit{model="language_model"} 3');
});

test('new weights in the folder take over by themselves, and what runs on the old ones is finished there', async () => {
  const running = hold();
  await running.began;
  // One slot more with the new weights: the request on the old ones holds its place until it has ended.
  name(2);
  writeFileSync(weights, 'second');
  await expect.poll(whichModel, { timeout: 5_000 }).toBe('second');
  // The old engine is alive: its request is ended by us, not by the death of its process.
  expect(await running.leave()).toMatchObject({ kind: 'cancelled' });
});

test('weights that do not load leave the old ones serving, and the list says why', async () => {
  writeFileSync(weights, 'bad weights');
  const reason = async () => (await client.repositoryIndex())[0]?.reason;
  await expect.poll(reason, { timeout: 5_000 }).toMatch(/a newer one did not load: llama-server ended with 1: .*invalid magic/s);
  expect(await client.modelReady('language_model')).toBe(true);
  expect(await whichModel()).toBe('first');
  const load = client.loadModel('language_model');
  await expect(load).rejects.toMatchObject({ code: 'FAILED_PRECONDITION', message: expect.stringContaining('goes on') as string });
});

test('a model is unloaded and loaded by name, with the limits of the file of that moment', async () => {
  await client.unloadModel('language_model');
  // Without it agents follow their flows: the server is as healthy as before.
  expect((await fetch(`http://127.0.0.1:${server.metricsPort}/health/ready`)).status).toBe(200);
  expect(await client.serverReady()).toBe(false);
  await expect(ask('say:a')).rejects.toMatchObject({ kind: 'unavailable' });
  name(2);
  await client.loadModel('language_model');
  expect(await ask('say:a')).toBe('a');
  expect((await client.modelMetadata('language_model')).properties['slots']).toBe('2');
  await expect(client.loadModel('speech_to_text')).rejects.toMatchObject({ kind: 'not_found' });
});

test('a request beyond the queue is refused with the depth and the limit', async () => {
  const held = [hold(), hold(), hold(), hold()];
  await held[0]?.began;
  const metrics = async () => (await fetch(`http://127.0.0.1:${server.metricsPort}/metrics`)).text();
  await expect.poll(metrics).toMatch(/queue_depth\{[^}]*\} 3/);
  await expect(ask('say:a')).rejects.toMatchObject({
    kind: 'overloaded',
    message: 'language_model is full: 1 requests running and 3 of 3 waiting; try again in a moment',
  });
  for (const one of held.toReversed()) await one.leave();
});
