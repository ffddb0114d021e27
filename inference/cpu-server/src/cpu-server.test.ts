import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  findTensor,
  openTritonClient,
  textsOf,
  textTensor,
  TritonError,
  type InferReply,
  type Tensor,
  type TritonClient,
} from 'triton-client-grpc-generated';
import { loadConfig } from '#server/config.ts';
import { contractViolation, readContract } from '#server/contract.ts';
import { catalogForTests, spokenForTests } from '#testing/espeak-on-this-machine.ts';
import { telephoneLine } from '#testing/telephone-line.ts';
import { openCpuServer, type CpuServer } from './cpu-server.ts';

let server: CpuServer;
let client: TritonClient;
const config = loadConfig({ ...process.env, CPU_SERVER_PORT: '0', CPU_SERVER_METRICS_PORT: '0' });
const silent = pino({ level: 'silent' });

beforeAll(async () => {
  await catalogForTests();
  server = await openCpuServer({ ...config, speechToTextModelDir: null }, silent);
  client = openTritonClient({ url: `127.0.0.1:${server.grpcPort}` });
});
afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const speechInputs = (text: string, parts: { voice?: string; language?: string; speed?: number } = {}): Tensor[] => [
  textTensor('TEXT', [text]),
  textTensor('LANGUAGE', [parts.language ?? 'es']),
  textTensor('VOICE', [parts.voice ?? '']),
  { name: 'SPEED', datatype: 'FP32', shape: [1, 1], values: Float32Array.of(parts.speed ?? 1) },
];
const hearingInputs = (samples: Int16Array, hints: readonly string[], language = 'es'): Tensor[] => [
  { name: 'AUDIO', datatype: 'INT16', shape: [1, samples.length], values: samples },
  textTensor('LANGUAGE', [language]),
  textTensor('HINTS', hints),
];
const speak = async (inputs: Tensor[]): Promise<InferReply[]> => {
  const replies: InferReply[] = [];
  for await (const reply of client.streamInfer({ model: 'text_to_speech', inputs })) replies.push(reply);
  return replies;
};
const failure = async (work: Promise<unknown>): Promise<TritonError> => {
  const cause: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (TritonError.isInstance(cause)) return cause;
  throw new Error('expected a TritonError', { cause });
};
const metrics = async () => (await fetch(`http://127.0.0.1:${server.metricsPort}/metrics`)).text();

test('the list of models says which engine runs and what it is fit for', async () => {
  expect(await client.serverReady()).toBe(true);
  const index = await client.repositoryIndex();
  expect(index.map(({ name, state }) => [name, state])).toEqual([
    ['text_to_speech', 'READY'],
    ['speech_to_text', 'READY'],
  ]);
  expect(index[1]?.reason).toMatch(/^engine phrases: for demonstrations and test voices only/);
});

test('over HTTP it is ready while every model that a call needs answers, and names the one that does not', async () => {
  const ask = async () => await fetch(`http://127.0.0.1:${server.metricsPort}/health/ready`);
  expect((await ask()).status).toBe(200);
  await client.unloadModel('speech_to_text');
  const refused = await ask();
  expect([refused.status, await refused.text()]).toEqual([503, expect.stringMatching(/^speech_to_text: unloaded on request/)]);
  await client.loadModel('speech_to_text');
  expect((await ask()).status).toBe(200);
});

test.each(['text_to_speech', 'speech_to_text'] as const)('the metadata of %s is its contract', async (role) => {
  const metadata = await client.modelMetadata(role);
  const contract = readContract(role);
  const bare = (tensors: readonly { name: string; datatype: string; shape: number[] }[]) =>
    tensors.map(({ name, datatype, shape }) => ({ name, datatype, shape }));
  expect(bare(metadata.inputs)).toEqual(bare(contract.inputs));
  expect(bare(metadata.outputs)).toEqual(bare(contract.outputs));
});

test('a sentence comes as several chunks that keep the contract', async () => {
  const replies = await speak(
    speechInputs('Buenos días, ha llamado a la clínica. ¿En qué puedo ayudarle hoy? Puede pedir o cambiar una cita.'),
  );
  expect(replies.length).toBeGreaterThan(1);
  for (const { outputs } of replies) {
    expect(contractViolation(readContract('text_to_speech').outputs, outputs)).toBeNull();
    expect(findTensor(outputs, 'SAMPLE_RATE')?.values).toEqual(Int32Array.of(22_050));
  }
});

test('a blank sentence is a stream with no audio', async () => {
  expect(await speak(speechInputs(' \n'))).toEqual([]);
});

test('what is spoken is understood: the two models agree over a telephone line', async () => {
  const { samples, sampleRateHz } = await spokenForTests({ text: 'quiero pedir una cita', voice: 'es+f5', wordsPerMinute: 165 });
  const hints = ['quiero pedir una cita', 'quiero cancelar mi cita', 'hablar con una persona'];
  const reply = await client.infer({ model: 'speech_to_text', inputs: hearingInputs(telephoneLine(samples, sampleRateHz), hints) });
  expect(contractViolation(readContract('speech_to_text').outputs, reply.outputs)).toBeNull();
  const text = findTensor(reply.outputs, 'TEXT');
  expect(text?.datatype === 'BYTES' && textsOf(text)).toEqual(['quiero pedir una cita']);
});

test.each<[string, string, Tensor[], RegExp]>([
  ['an unknown voice', 'text_to_speech', speechInputs('hola', { voice: 'es+ghost' }), /tensor VOICE: espeak-ng has no voice "es\+ghost"/],
  ['a voice that is an option', 'text_to_speech', speechInputs('hola', { voice: '--help' }), /tensor VOICE/],
  [
    'a language nobody speaks',
    'text_to_speech',
    speechInputs('hola', { language: 'tlh' }),
    /tensor LANGUAGE: espeak-ng does not speak "tlh"/,
  ],
  [
    'a text over the limit',
    'text_to_speech',
    speechInputs('a'.repeat(2_001)),
    /tensor TEXT has a text of 2001 characters, the limit is 2000/,
  ],
  ['a speed over the limit', 'text_to_speech', speechInputs('hola', { speed: 3 }), /tensor SPEED holds 3, must be between 0.5 and 2/],
])('%s is an invalid argument that names the tensor', async (...[, model, inputs, message]) => {
  const error = await failure(client.streamInfer({ model, inputs }).next());
  expect(error).toMatchObject({ kind: 'invalid_request', code: 'INVALID_ARGUMENT', message: expect.stringMatching(message) as string });
});

test('more than 30 s of audio is refused by its limit', async () => {
  const error = await failure(client.infer({ model: 'speech_to_text', inputs: hearingInputs(new Int16Array(480_001), []) }));
  expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', message: 'tensor AUDIO has 480001 elements, the limit is 480000' });
});

test('a model that answers in parts refuses a unary request, and a model that is not here is not found', async () => {
  expect(await failure(client.infer({ model: 'text_to_speech', inputs: speechInputs('hola') }))).toMatchObject({ kind: 'unsupported' });
  expect(await failure(client.infer({ model: 'language_model', inputs: [] }))).toMatchObject({ kind: 'not_found' });
});

test('statistics and metrics count requests by model and code', async () => {
  await speak(speechInputs('hola'));
  const [statistics] = await client.modelStatistics('text_to_speech');
  expect(statistics?.inferenceCount).toBeGreaterThan(0);
  expect(statistics?.inferenceStats?.success?.ns).toBeGreaterThan(0);
  const text = await metrics();
  expect(text).toMatch(/centralita_inference_requests_total\{model="text_to_speech",code="OK"\} \d+/);
  expect(text).toMatch(/centralita_inference_requests_total\{model="text_to_speech",code="INVALID_ARGUMENT"\} \d+/);
  expect(text).toContain('centralita_inference_engine_info{model="speech_to_text",engine="phrases"} 1');
  expect(text).toContain('centralita_inference_queue_depth{model="text_to_speech"} 0');
  expect(text).toMatch(/centralita_inference_seconds_count\{model="text_to_speech"\} \d+/);
});

test('a caller who leaves in the middle of a sentence is counted as cancelled', async () => {
  for await (const reply of client.streamInfer({ model: 'text_to_speech', inputs: speechInputs('Una frase muy larga. '.repeat(90)) })) {
    expect(reply.outputs.length).toBe(2);
    break;
  }
  await expect.poll(metrics).toMatch(/requests_total\{model="text_to_speech",code="CANCELLED"\} 1/);
});

test('without espeak-ng the server is up, not ready, and says what to install', async () => {
  await using broken = await openCpuServer(
    { ...config, espeak: { argv: ['no-such-espeak'], env: {} }, speechToTextModelDir: null },
    silent,
  );
  await using asked = openTritonClient({ url: `127.0.0.1:${broken.grpcPort}` });
  expect(await asked.serverLive()).toBe(true);
  expect(await asked.serverReady()).toBe(false);
  for (const { state, reason } of await asked.repositoryIndex()) {
    expect(state).toBe('UNAVAILABLE');
    expect(reason).toContain('no-such-espeak is not on this machine: install espeak-ng or set ESPEAK_COMMAND');
  }
  expect(await failure(asked.streamInfer({ model: 'text_to_speech', inputs: speechInputs('hola') }).next())).toMatchObject({
    kind: 'unavailable',
  });
});

test('a model folder that does not load is unavailable by name, and the phrases engine does not take its place', async () => {
  await using broken = await openCpuServer({ ...config, speechToTextModelDir: '/nowhere' }, silent);
  await using asked = openTritonClient({ url: `127.0.0.1:${broken.grpcPort}` });
  const speech = (await asked.repositoryIndex()).find(({ name }) => name === 'speech_to_text');
  expect(speech).toMatchObject({
    state: 'UNAVAILABLE',
    reason: expect.stringContaining('SPEECH_TO_TEXT_MODEL_DIR /nowhere cannot be read') as string,
  });
  expect(await asked.modelReady('text_to_speech')).toBe(true);
});
