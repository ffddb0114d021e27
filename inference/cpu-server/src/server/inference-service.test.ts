import { status } from '@grpc/grpc-js';
import { pino } from 'pino';
import { afterEach, expect, test } from 'vitest';
import { openTritonClient, textTensor, TritonError, type TritonClient } from 'triton-client-grpc-generated';
import { GRPCInferenceServiceClient, type ModelStreamInferResponse } from 'triton-client-grpc-generated/generated/kserve-v2.ts';
import { credentials } from '@grpc/grpc-js';
import { toWireRequest } from 'triton-client-grpc-generated/infer-message.ts';
import type { Contract } from './contract.ts';
import { openGrpcEndpoint } from './grpc-endpoint.ts';
import { createInferenceService } from './inference-service.ts';
import { openLoadedModel } from './loaded-model.ts';
import { createMetrics } from './metrics.ts';
import { createModelHost } from './model-host.ts';
import { RequestRefused, type RoleModel } from './role-model.ts';

const contract: Contract = {
  role: 'echo',
  purpose: 'Says its input as often as the test wants.',
  call: 'ModelStreamInfer',
  inputs: [{ name: 'IN', datatype: 'BYTES', shape: [1, 1], optional: false, limits: {}, purpose: 'text' }],
  outputs: [{ name: 'OUT', datatype: 'BYTES', shape: [1, 1], optional: false, limits: {}, purpose: 'text' }],
};
const inputs = [textTensor('IN', ['hi'])];

const opened: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).toReversed()) await one[Symbol.asyncDispose]();
});

/** A model whose engine does what the test says, behind the real service. */
async function serve(run: RoleModel['run'], options: { limits?: RoleModel['limits']; isDraining?: () => boolean } = {}) {
  const model: RoleModel = {
    contract,
    engine: 'scripted',
    note: 'a test',
    limits: options.limits ?? { maxRunning: 4, maxWaiting: 4 },
    state: () => ({ kind: 'ready' }),
    run,
    [Symbol.asyncDispose]: async () => undefined,
  };
  const metrics = createMetrics();
  const log = pino({ level: 'silent' });
  const { limits, engine } = model;
  const loaded = await openLoadedModel({ contract, engine, limits, open: async () => model, log });
  const host = createModelHost(loaded, { metrics, log });
  const endpoint = await openGrpcEndpoint(createInferenceService([host], options.isDraining ?? (() => false)), {
    host: '127.0.0.1',
    port: 0,
  });
  const url = `127.0.0.1:${endpoint.port}`;
  const client: TritonClient = openTritonClient({ url });
  opened.push(endpoint, client);
  return { client, url, metrics, endpoint };
}

const failure = async (work: Promise<unknown>): Promise<TritonError> => {
  const cause: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (TritonError.isInstance(cause)) return cause;
  throw new Error('expected a TritonError', { cause });
};
const aborted = (signal: AbortSignal) =>
  new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

test('a full model refuses at once and says how full it is', async () => {
  const { client } = await serve(
    async function* (_inputs, signal) {
      yield [textTensor('OUT', ['started'])];
      await aborted(signal);
    },
    { limits: { maxRunning: 1, maxWaiting: 0 } },
  );
  const holder = client.streamInfer({ model: 'echo', inputs });
  await holder.next();
  const error = await failure(client.streamInfer({ model: 'echo', inputs }).next());
  expect(error).toMatchObject({
    kind: 'overloaded',
    isRetryable: true,
    message: 'echo is full: 1 requests running and 0 of 0 waiting; try again in a moment',
  });
  await holder.return();
});

test('leaving a stream aborts the engine and frees the place of the next request', async () => {
  const stopped = Promise.withResolvers<void>();
  const { client } = await serve(
    async function* (_inputs, signal) {
      yield [textTensor('OUT', ['started'])];
      await aborted(signal).finally(() => stopped.resolve());
    },
    { limits: { maxRunning: 1, maxWaiting: 1 } },
  );
  for (let round = 0; round < 2; round += 1) {
    for await (const reply of client.streamInfer({ model: 'echo', inputs })) {
      expect(reply.outputs).toHaveLength(1);
      break;
    }
  }
  await stopped.promise;
});

test('a fault of the engine is INTERNAL, a refusal keeps its own code', async () => {
  const faults = [new Error('engine broke'), new RequestRefused('invalid_argument', 'tensor IN: not that')];
  // eslint-disable-next-line eslint/require-yield -- this engine never answers
  const { client, metrics } = await serve(async function* () {
    throw faults.shift() ?? new Error('unexpected');
  });
  expect(await failure(client.streamInfer({ model: 'echo', inputs }).next())).toMatchObject({
    kind: 'internal',
    code: 'INTERNAL',
    message: 'engine broke',
  });
  expect(await failure(client.streamInfer({ model: 'echo', inputs }).next())).toMatchObject({
    kind: 'invalid_request',
    message: 'tensor IN: not that',
  });
  const text = await metrics.registry.metrics();
  expect(text).toContain('centralita_inference_requests_total{model="echo",code="INTERNAL"} 1');
  expect(text).toContain('centralita_inference_requests_total{model="echo",code="INVALID_ARGUMENT"} 1');
});

test('several requests on one stream are told apart by id, and an error of one stays inside the stream', async () => {
  const { url } = await serve(async function* (tensors) {
    const [first] = tensors;
    if (first?.datatype === 'BYTES' && Buffer.from(first.values[0] ?? []).toString() === 'bad') throw new Error('no such word');
    yield [textTensor('OUT', ['ok'])];
  });
  const stub = new GRPCInferenceServiceClient(url, credentials.createInsecure());
  const call = stub.modelStreamInfer();
  const messages: ModelStreamInferResponse[] = [];
  call.on('data', (message: ModelStreamInferResponse) => messages.push(message));
  const ended = new Promise<number>((resolve) => call.on('status', ({ code }) => resolve(code)));
  for (const [id, text] of [
    ['a', 'good'],
    ['b', 'bad'],
  ] as const) {
    call.write(
      toWireRequest({ model: 'echo', id, inputs: [textTensor('IN', [text])], parameters: { triton_enable_empty_final_response: true } }),
    );
  }
  call.end();
  expect(await ended).toBe(status.OK);
  stub.close();
  const of = (id: string) => messages.filter((message) => message.inferResponse?.id === id);
  expect(
    of('a').map(({ errorMessage, inferResponse }) => [errorMessage, inferResponse?.parameters['triton_final_response']?.boolParam]),
  ).toEqual([
    ['', false],
    ['', true],
  ]);
  expect(of('b').map(({ errorMessage }) => errorMessage)).toEqual(['no such word']);
});

test('a slow reader holds the engine back instead of filling memory', async () => {
  let made = 0;
  const block = textTensor('OUT', ['x'.repeat(256 * 1024)]);
  const { client } = await serve(async function* () {
    for (; made < 400; made += 1) yield [block];
  });
  const replies = client.streamInfer({ model: 'echo', inputs });
  await replies.next();
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(made).toBeLessThan(100);
  await replies.return();
});

test('a draining server is live, not ready, and finishes what it has', async () => {
  const go = Promise.withResolvers<void>();
  let isDraining = false;
  const { client, endpoint } = await serve(
    async function* () {
      yield [textTensor('OUT', ['one'])];
      await go.promise;
      yield [textTensor('OUT', ['two'])];
    },
    { isDraining: () => isDraining },
  );
  const replies = client.streamInfer({ model: 'echo', inputs });
  await replies.next();
  isDraining = true;
  expect([await client.serverLive(), await client.serverReady(), await client.modelReady('echo')]).toEqual([true, false, false]);
  const closing = endpoint[Symbol.asyncDispose]();
  go.resolve();
  expect((await replies.next()).done).toBe(false);
  expect((await replies.next()).done).toBe(true);
  await closing;
});

test('the wrong version of a model is not found', async () => {
  const { client } = await serve(async function* () {
    yield [textTensor('OUT', ['x'])];
  });
  expect(await failure(client.streamInfer({ model: 'echo', version: '7', inputs }).next())).toMatchObject({
    kind: 'not_found',
    message: 'echo has version 1 only, not 7',
  });
});
