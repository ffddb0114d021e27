import { status, type ServerDuplexStream, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { afterEach, expect, test } from 'vitest';
import { openTritonClient, TritonError, type InferReply, type TritonClient } from './client.ts';
import type { ModelInferRequest, ModelInferResponse, ModelStreamInferResponse } from './generated/kserve-v2.ts';
import { fromWireParameters, toWireReply } from './infer-message.ts';
import { openLoopbackServer, type LoopbackServer } from './testing/loopback-server.ts';

type Infer = (call: ServerUnaryCall<ModelInferRequest, ModelInferResponse>, done: sendUnaryData<ModelInferResponse>) => void;
type Stream = ServerDuplexStream<ModelInferRequest, ModelStreamInferResponse>;

const running: AsyncDisposable[] = [];
afterEach(async () => {
  for (const opened of running.splice(0).toReversed()) await opened[Symbol.asyncDispose]();
});

async function serve(parts: { infer?: Infer; stream?: (call: Stream) => void }): Promise<{ client: TritonClient; server: LoopbackServer }> {
  const server = await openLoopbackServer({
    serverLive: (_call, done) => done(null, { live: true }),
    serverReady: (_call, done) => done(null, { ready: false }),
    modelReady: (call, done) =>
      call.request.name === 'echo'
        ? done(null, { ready: true })
        : done({ code: status.NOT_FOUND, details: `no model ${call.request.name}` }),
    repositoryIndex: (_call, done) => done(null, { models: [{ name: 'echo', version: '1', state: 'READY', reason: '' }] }),
    ...(parts.infer === undefined ? {} : { modelInfer: parts.infer }),
    ...(parts.stream === undefined ? {} : { modelStreamInfer: parts.stream }),
  });
  const client = openTritonClient({ url: `grpc://${server.url}` });
  running.push(server, client);
  return { client, server };
}

const reply = (parts: Partial<InferReply>): InferReply => ({ model: 'echo', version: '1', id: '', outputs: [], parameters: {}, ...parts });
const streamed = (value: string, isFinal: boolean): ModelStreamInferResponse => ({
  errorMessage: '',
  inferResponse: toWireReply(
    reply({
      id: value,
      parameters: { triton_final_response: isFinal },
      outputs: [{ name: 'OK', datatype: 'BOOL', shape: [1], values: [true] }],
    }),
  ),
});
const request = { model: 'echo', inputs: [{ name: 'PCM', datatype: 'INT16', shape: [1, 2], values: Int16Array.of(5, -6) }] } as const;
const failure = async (work: Promise<unknown>): Promise<TritonError> => {
  const error: unknown = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!TritonError.isInstance(error)) throw new Error('expected a TritonError', { cause: error });
  return error;
};
const idsOf = async (replies: AsyncIterable<InferReply>): Promise<string[]> => {
  const ids: string[] = [];
  for await (const one of replies) ids.push(one.id);
  return ids;
};

test('health, readiness and the list of models are read from the server', async () => {
  const { client } = await serve({});
  expect(await client.serverLive()).toBe(true);
  expect(await client.serverReady()).toBe(false);
  expect(await client.modelReady('echo')).toBe(true);
  expect((await client.repositoryIndex()).map((model) => model.state)).toEqual(['READY']);
  expect(await failure(client.modelReady('ghost'))).toMatchObject({
    kind: 'not_found',
    code: 'NOT_FOUND',
    model: 'ghost',
    isRetryable: false,
  });
});

test('an inference carries tensors and parameters both ways', async () => {
  let seen: ModelInferRequest | undefined;
  const { client } = await serve({
    infer: (call, done) => {
      seen = call.request;
      done(
        null,
        toWireReply(
          reply({ id: call.request.id, outputs: [{ name: 'P', datatype: 'FP32', shape: [1, 1], values: Float32Array.of(0.25) }] }),
        ),
      );
    },
  });
  const answer = await client.infer({ ...request, id: 'r1', parameters: { priority: 1, temperature: 0.5, flag: true, name: 'x' } });
  expect(seen?.rawInputContents.map((raw) => raw.toString('hex'))).toEqual(['0500faff']);
  expect(fromWireParameters(seen?.parameters ?? {})).toEqual({ priority: 1, temperature: 0.5, flag: true, name: 'x' });
  expect(seen?.parameters['priority']?.int64Param).toBe(1);
  expect(answer).toMatchObject({ id: 'r1', outputs: [{ name: 'P', values: Float32Array.of(0.25) }] });
});

test('a reply over 4 MiB arrives whole', async () => {
  const values = new Float32Array(3 * 1024 * 1024).fill(0.5);
  const { client } = await serve({
    infer: (_call, done) => done(null, toWireReply(reply({ outputs: [{ name: 'W', datatype: 'FP32', shape: [values.length], values }] }))),
  });
  expect((await client.infer(request)).outputs[0]?.values.length).toBe(values.length);
});

test('a reply that does not decode is malformed, not a wrong value', async () => {
  const broken: ModelInferResponse = {
    ...toWireReply(reply({ outputs: [{ name: 'W', datatype: 'INT16', shape: [1], values: Int16Array.of(1) }] })),
    rawOutputContents: [Buffer.alloc(3)],
  };
  const { client } = await serve({ infer: (_call, done) => done(null, broken) });
  expect(await failure(client.infer(request))).toMatchObject({ kind: 'malformed_reply' });
});

test('a call past its deadline fails and the server learns of it', async () => {
  const { promise: cancelled, resolve } = Promise.withResolvers<void>();
  const { client } = await serve({ infer: (call) => void call.on('cancelled', () => resolve()) });
  expect(await failure(client.infer(request, { deadlineMs: 30 }))).toMatchObject({ kind: 'deadline_exceeded', isRetryable: false });
  await cancelled;
});

test('aborting cancels a unary call on the server', async () => {
  const { promise: cancelled, resolve } = Promise.withResolvers<void>();
  const controller = new AbortController();
  const { client } = await serve({
    infer: (call) => {
      call.on('cancelled', () => resolve());
      controller.abort(new Error('caller hung up'));
    },
  });
  const error = await failure(client.infer(request, { signal: controller.signal }));
  expect(error.kind).toBe('cancelled');
  expect(error.cause).toEqual(new Error('caller hung up'));
  await cancelled;
  expect(await failure(client.infer(request, { signal: controller.signal }))).toMatchObject({ kind: 'cancelled' });
});

test('a stream yields replies until the final one and asks for an empty final response', async () => {
  let wants: unknown;
  const { client } = await serve({
    stream: (call) =>
      call.on('data', (message: ModelInferRequest) => {
        wants = fromWireParameters(message.parameters)['triton_enable_empty_final_response'];
        call.write(streamed('1', false));
        call.write(streamed('2', false));
        call.write({ errorMessage: '', inferResponse: toWireReply(reply({ parameters: { triton_final_response: true } })) });
      }),
  });
  expect(await idsOf(client.streamInfer(request))).toEqual(['1', '2']);
  expect(wants).toBe(true);
});

test('a final response with content is yielded too', async () => {
  const { client } = await serve({ stream: (call) => call.on('data', () => call.write(streamed('last', true))) });
  expect(await idsOf(client.streamInfer(request))).toEqual(['last']);
});

test('leaving the loop or aborting cancels the request on the server', async () => {
  const cancelled = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let opened = 0;
  const { client } = await serve({
    stream: (call) => {
      const mine = cancelled[opened++];
      call.on('cancelled', () => mine?.resolve());
      call.on('data', () => call.write(streamed('1', false)));
    },
  });
  for await (const one of client.streamInfer(request)) {
    expect(one.id).toBe('1');
    break;
  }
  await cancelled[0]?.promise;
  const controller = new AbortController();
  const replies = client.streamInfer(request, { signal: controller.signal });
  await replies.next();
  controller.abort();
  expect(await failure(replies.next())).toMatchObject({ kind: 'cancelled' });
  await cancelled[1]?.promise;
});

test('an error message inside a healthy stream is a typed error', async () => {
  const { client } = await serve({
    stream: (call) => call.on('data', () => call.write({ errorMessage: 'out of memory', inferResponse: undefined })),
  });
  expect(await failure(idsOf(client.streamInfer(request)))).toMatchObject({
    kind: 'stream_failed',
    message: 'out of memory',
    model: 'echo',
  });
});

test('a model that fails while streaming is told apart by its gRPC code when the server sends one', async () => {
  const { client } = await serve({
    stream: (call) => {
      expect(call.metadata.get('triton_grpc_error')).toEqual(['true']);
      call.on('data', () => call.emit('error', { code: status.RESOURCE_EXHAUSTED, details: 'full' }));
    },
  });
  expect(await failure(idsOf(client.streamInfer(request)))).toMatchObject({ kind: 'overloaded', isRetryable: true, message: 'full' });
});

test('a stream that ends without its final response is an error, not a short answer', async () => {
  const { client } = await serve({
    stream: (call) =>
      call.on('data', () => {
        call.write(streamed('1', false));
        call.end();
      }),
  });
  expect(await failure(idsOf(client.streamInfer(request)))).toMatchObject({ kind: 'malformed_reply' });
});

test('a server that is not there is unavailable and worth a retry', async () => {
  const { client, server } = await serve({});
  server.crash();
  expect(await failure(client.serverLive({ deadlineMs: 2_000 }))).toMatchObject({ isRetryable: true, kind: 'unavailable' });
});

test('an error that comes after the reader left does not end the process', async () => {
  const { client, server } = await serve({ stream: (call) => call.on('data', () => call.write(streamed('done', true))) });
  expect(await idsOf(client.streamInfer(request))).toEqual(['done']);
  // The stream is still open on the server's side: tearing the connection down makes it fail with nobody reading.
  server.crash();
  expect(await failure(client.serverLive({ deadlineMs: 2_000 }))).toMatchObject({ kind: 'unavailable' });
});
