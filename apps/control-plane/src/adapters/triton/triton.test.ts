import { once } from 'node:events';
import { status } from '@grpc/grpc-js';
import { afterEach, expect, test } from 'vitest';
import type { InferReply, Tensor } from 'triton-client-grpc-generated';
import { textsOf, textTensor } from 'triton-client-grpc-generated';
import type {
  GRPCInferenceServiceServer,
  ModelInferRequest,
  ModelStreamInferResponse,
} from 'triton-client-grpc-generated/generated/kserve-v2.ts';
import { toWireReply } from 'triton-client-grpc-generated/infer-message.ts';
import { decodeTensors } from 'triton-client-grpc-generated/tensor-decoding.ts';
import { openLoopbackServer } from 'triton-client-grpc-generated/testing/loopback-server.ts';
import { InferenceError } from '#ports/inference-error.ts';
import type { LanguageModel } from '#ports/language-model.ts';
import { openTriton, type Triton } from './triton.ts';

const opened: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).toReversed()) await one[Symbol.asyncDispose]();
});

/** The models against a real gRPC server that answers as the test says. */
async function serve(handlers: Partial<GRPCInferenceServiceServer>): Promise<Triton> {
  const server = await openLoopbackServer(handlers);
  const to = { url: server.url, deadlineMs: 5_000 };
  const triton = openTriton({
    speechToText: to,
    textToSpeech: to,
    languageModel: {
      ...to,
      template: {
        renderPrompt: ({ messages }) => messages.map(({ role, text }) => `<${role}>${text}`).join(''),
        stopTexts: ['<user>'],
        toolFormat: 'hermes',
      },
    },
  });
  opened.push(server, triton);
  return triton;
}

const reply = (outputs: readonly Tensor[], isFinal = false): InferReply => ({
  model: 'm',
  version: '1',
  id: '',
  outputs,
  parameters: { triton_final_response: isFinal },
});
const part = (outputs: readonly Tensor[], isFinal = false): ModelStreamInferResponse => ({
  errorMessage: '',
  inferResponse: toWireReply(reply(outputs, isFinal)),
});
const inputsOf = (request: ModelInferRequest) =>
  new Map(
    decodeTensors(request.inputs, request.rawInputContents).map((tensor) => [
      tensor.name,
      tensor.datatype === 'BYTES' ? textsOf(tensor) : [...tensor.values],
    ]),
  );
const signal = () => new AbortController().signal;
const fp32 = (name: string, value: number): Tensor => ({ name, datatype: 'FP32', shape: [1, 1], values: Float32Array.of(value) });
const uint32 = (name: string, value: number): Tensor => ({ name, datatype: 'UINT32', shape: [1], values: Uint32Array.of(value) });
const audio = (samples: Int16Array, rateHz: number): readonly Tensor[] => [
  { name: 'AUDIO', datatype: 'INT16', shape: [1, samples.length], values: samples },
  { name: 'SAMPLE_RATE', datatype: 'INT32', shape: [1, 1], values: Int32Array.of(rateHz) },
];
const failure = async (work: Promise<unknown>): Promise<InferenceError> => {
  const cause: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (cause instanceof InferenceError) return cause;
  throw new Error('expected an InferenceError', { cause });
};
const collect = async <Part>(parts: AsyncIterable<Part>): Promise<Part[]> => {
  const all: Part[] = [];
  for await (const one of parts) all.push(one);
  return all;
};
const languageModelOf = ({ models }: Triton): LanguageModel => {
  if (models.languageModel === null) throw new Error('opened without a language model');
  return models.languageModel;
};
const sentence = { text: 'Hola', language: 'es', voice: 'es+f3', speed: 1.25 };

test('an utterance goes out with its language and hints and comes back as a transcript', async () => {
  let seen: ReturnType<typeof inputsOf> | undefined;
  const { models } = await serve({
    modelInfer: (call, done) => {
      seen = inputsOf(call.request);
      done(null, toWireReply(reply([textTensor('TEXT', [' una cita ']), fp32('CONFIDENCE', 0.75), fp32('NO_SPEECH_PROBABILITY', 0.25)])));
    },
  });
  const transcript = await models.speechToText.transcribe(
    { pcm: Int16Array.of(1, -2), language: 'es', hints: ['una cita', 'adiós'] },
    { signal: signal() },
  );
  expect(transcript).toEqual({ text: 'una cita', confidence: 0.75, noSpeechProbability: 0.25 });
  expect(Object.fromEntries(seen ?? [])).toEqual({ AUDIO: [1, -2], LANGUAGE: ['es'], HINTS: ['una cita', 'adiós'] });
});

test('words about what is probably silence are not heard unless the engine is sure of them', async () => {
  const answers = [
    { confidence: 0.4, silence: 0.7 },
    { confidence: 0.9, silence: 0.7 },
    { confidence: 0.4, silence: 0.5 },
  ];
  const { models } = await serve({
    modelInfer: (_call, done) => {
      const { confidence, silence } = answers.shift() ?? { confidence: 0, silence: 0 };
      done(
        null,
        toWireReply(reply([textTensor('TEXT', ['gracias']), fp32('CONFIDENCE', confidence), fp32('NO_SPEECH_PROBABILITY', silence)])),
      );
    },
  });
  const ask = async () => {
    const { text, noSpeechProbability } = await models.speechToText.transcribe(
      { pcm: new Int16Array(1_600), language: 'es', hints: [] },
      { signal: signal() },
    );
    return [text, Number(noSpeechProbability.toFixed(1))];
  };
  expect([await ask(), await ask(), await ask()]).toEqual([
    ['', 0.7],
    ['gracias', 0.7],
    ['gracias', 0.5],
  ]);
});

test('an utterance without hints is asked with an empty list of them', async () => {
  const { models } = await serve({
    modelInfer: (call, done) => {
      expect(inputsOf(call.request).get('HINTS')).toEqual([]);
      done(null, toWireReply(reply([textTensor('TEXT', ['']), fp32('CONFIDENCE', 0), fp32('NO_SPEECH_PROBABILITY', 1)])));
    },
  });
  expect((await models.speechToText.transcribe({ pcm: new Int16Array(160), language: 'en', hints: [] }, { signal: signal() })).text).toBe(
    '',
  );
});

test('an answer without the promised tensors is an error of the role, not an empty transcript', async () => {
  const { models } = await serve({ modelInfer: (_call, done) => done(null, toWireReply(reply([textTensor('TRANSCRIPTS', ['hi'])]))) });
  const error = await failure(models.speechToText.transcribe({ pcm: new Int16Array(1), language: 'en', hints: [] }, { signal: signal() }));
  expect(error).toMatchObject({ role: 'speech_to_text', isRetryable: false, message: expect.stringContaining('TEXT') as string });
});

test('a full server is worth a retry, a wrong request is not', async () => {
  const codes = [status.RESOURCE_EXHAUSTED, status.INVALID_ARGUMENT];
  const { models } = await serve({ modelInfer: (_call, done) => done({ code: codes.shift() ?? status.INTERNAL, details: 'no' }) });
  const ask = () => failure(models.speechToText.transcribe({ pcm: new Int16Array(1), language: 'en', hints: [] }, { signal: signal() }));
  expect((await ask()).isRetryable).toBe(true);
  expect((await ask()).isRetryable).toBe(false);
});

test('speech arrives at 16 kHz whatever the rate of the voice, and loses nothing at the seams', async () => {
  const rateHz = 22_050;
  const tone = Int16Array.from({ length: rateHz }, (_, at) => 10_000 * Math.sin((2 * Math.PI * 440 * at) / rateHz));
  const { models } = await serve({
    modelStreamInfer: (call) =>
      call.on('data', (request: ModelInferRequest) => {
        expect(Object.fromEntries(inputsOf(request))).toEqual({ TEXT: ['Hola'], LANGUAGE: ['es'], VOICE: ['es+f3'], SPEED: [1.25] });
        for (let at = 0; at < tone.length; at += 3_000) call.write(part(audio(tone.slice(at, at + 3_000), rateHz)));
        call.write(part([], true));
      }),
  });
  for (const pieces of [
    await collect(models.textToSpeech.synthesize(sentence, { signal: signal() })),
    await collect(models.textToSpeech.synthesize(sentence, { signal: signal() })),
  ]) {
    const pcm = pieces.flatMap((piece) => [...piece]);
    expect(pcm.length).toBe(16_000);
    const worst = Math.max(
      ...pcm.slice(200, -200).map((sample, at) => Math.abs(sample - 10_000 * Math.sin((2 * Math.PI * 440 * (at + 200)) / 16_000))),
    );
    expect(worst).toBeLessThan(20);
  }
});

test('leaving a sentence stops its synthesis, and the next sentence starts clean', async () => {
  const cancelled = Promise.withResolvers<void>();
  let isFirst = true;
  const { models } = await serve({
    modelStreamInfer: (call) => {
      call.on('cancelled', () => cancelled.resolve());
      call.on('data', () => {
        const level = isFirst ? 20_000 : 0;
        call.write(part(audio(new Int16Array(2_205).fill(level), 22_050), !isFirst));
        isFirst = false;
      });
    },
  });
  for await (const piece of models.textToSpeech.synthesize(sentence, { signal: signal() })) {
    expect(piece.length).toBeGreaterThan(0);
    break;
  }
  await cancelled.promise;
  const next = await collect(models.textToSpeech.synthesize(sentence, { signal: signal() }));
  expect(next.flatMap((piece) => [...piece]).every((sample) => sample === 0)).toBe(true);
});

test('a sentence is taken off the server at once, however slowly it is played', async () => {
  const allSent = Promise.withResolvers<void>();
  const { models } = await serve({
    modelStreamInfer: (call) =>
      call.on('data', async () => {
        // 8 MB: far beyond what the connection itself holds.
        for (let at = 0; at < 64; at += 1) {
          if (!call.write(part(audio(new Int16Array(65_536), 16_000), at === 63))) await once(call, 'drain');
        }
        allSent.resolve();
      }),
  });
  let length = 0;
  for await (const piece of models.textToSpeech.synthesize(sentence, { signal: signal() })) {
    await allSent.promise;
    length += piece.length;
  }
  expect(length).toBe(64 * 65_536);
});

test('aborting while the voice is being made ends the iteration with an error of the role', async () => {
  const controller = new AbortController();
  const { models } = await serve({
    modelStreamInfer: (call) => call.on('data', () => call.write(part(audio(new Int16Array(4_410), 22_050)))),
  });
  const speaking = (async () => {
    for await (const piece of models.textToSpeech.synthesize(sentence, { signal: controller.signal }))
      if (piece.length > 0) controller.abort();
  })();
  expect(await failure(speaking)).toMatchObject({ role: 'text_to_speech', isRetryable: false });
});

test('the language model is prompted through the template and streams text, then one finish with counts', async () => {
  let seen: ReturnType<typeof inputsOf> | undefined;
  const triton = await serve({
    modelStreamInfer: (call) =>
      call.on('data', (request: ModelInferRequest) => {
        seen = inputsOf(request);
        call.write(part([textTensor('text_output', ['Buenos '], [1]), uint32('num_input_tokens', 12), uint32('num_output_tokens', 1)]));
        call.write(
          part(
            [
              textTensor('text_output', ['días'], [1]),
              textTensor('finish_reason', ['length'], [1]),
              uint32('num_input_tokens', 12),
              uint32('num_output_tokens', 2),
            ],
            true,
          ),
        );
      }),
  });
  const request = {
    messages: [
      { role: 'system', text: 'Sé breve.' },
      { role: 'user', text: 'hola' },
    ],
    maxOutputTokens: 64,
    temperature: 0.3,
  } as const;
  const parts = await collect(languageModelOf(triton).stream(request, { signal: signal() }));
  expect(parts).toEqual([
    { kind: 'text_delta', textDelta: 'Buenos ' },
    { kind: 'text_delta', textDelta: 'días' },
    { kind: 'finish', reason: 'length', inputTokens: 12, outputTokens: 3 },
  ]);
  expect(seen?.get('text_input')).toEqual(['<system>Sé breve.<user>hola']);
  expect(seen?.get('stream')).toEqual([true]);
  expect(JSON.parse(String(seen?.get('sampling_parameters')?.[0]))).toEqual({ temperature: 0.3, max_tokens: 64, stop: ['<user>'] });
});

test('a call of a tool comes as a call, its marker is never text, and special tokens are asked for', async () => {
  let seen: ReturnType<typeof inputsOf> | undefined;
  const pieces = ['Un momento. <to', 'ol_call>{"name":"find","argu', 'ments":{"day":"lunes"}}</tool_call>'];
  const triton = await serve({
    modelStreamInfer: (call) =>
      call.on('data', (request: ModelInferRequest) => {
        seen = inputsOf(request);
        for (const [at, piece] of pieces.entries()) call.write(part([textTensor('text_output', [piece], [1])], at === pieces.length - 1));
      }),
  });
  const tools = [{ name: 'find', description: '', parameters: {} }];
  const request = { messages: [{ role: 'user', text: 'hola' }], maxOutputTokens: 8, temperature: 0, tools } as const;
  expect(await collect(languageModelOf(triton).stream(request, { signal: signal() }))).toEqual([
    { kind: 'text_delta', textDelta: 'Un momento. ' },
    // Nobody takes a model that writes a long call for one that stalls.
    { kind: 'held' },
    {
      kind: 'tool_call',
      call: { id: expect.stringMatching(/^[A-Za-z0-9]{9}$/) as string, name: 'find', argumentsJson: '{"day":"lunes"}' },
    },
    { kind: 'finish', reason: 'tool_calls', inputTokens: 0, outputTokens: 0 },
  ]);
  expect(JSON.parse(String(seen?.get('sampling_parameters')?.[0]))).toMatchObject({ skip_special_tokens: false });
});

test('a schema goes out as guided decoding, and a server that refuses it is asked without it, then always', async () => {
  const guided: (string | null)[] = [];
  const triton = await serve({
    modelStreamInfer: (call) =>
      call.on('data', (request: ModelInferRequest) => {
        const sampling = JSON.parse(String(inputsOf(request).get('sampling_parameters')?.[0])) as { structured_outputs?: string };
        guided.push(sampling.structured_outputs ?? null);
        if (sampling.structured_outputs !== undefined)
          call.write({ errorMessage: 'unexpected keyword argument', inferResponse: undefined });
        else call.write(part([textTensor('text_output', ['{"a":1}'], [1])], true));
      }),
  });
  const request = { messages: [], maxOutputTokens: 8, temperature: 0, outputSchema: { type: 'object' } } as const;
  for (let round = 0; round < 2; round++) {
    const parts = await collect(languageModelOf(triton).stream(request, { signal: signal() }));
    expect(parts[0]).toEqual({ kind: 'text_delta', textDelta: '{"a":1}' });
  }
  expect(guided).toEqual(['{"json":{"type":"object"}}', null, null]);
});

test('a model error in the middle of a reply is an error after the text that was streamed', async () => {
  const triton = await serve({
    modelStreamInfer: (call) =>
      call.on('data', () => {
        call.write(part([textTensor('text_output', ['Bue'], [1])]));
        call.write({ errorMessage: 'engine died', inferResponse: undefined });
      }),
  });
  const texts: string[] = [];
  const reading = (async () => {
    const parts = languageModelOf(triton).stream({ messages: [], maxOutputTokens: 8, temperature: 0 }, { signal: signal() });
    for await (const one of parts) if (one.kind === 'text_delta') texts.push(one.textDelta);
  })();
  expect(await failure(reading)).toMatchObject({ role: 'language_model', isRetryable: false });
  expect(texts).toEqual(['Bue']);
});

test('status names the engine of each role and why one is not ready', async () => {
  const triton = await serve({
    modelReady: (call, done) => done(null, { ready: call.request.name === 'speech_to_text' }),
    modelMetadata: (call, done) =>
      done(null, { name: call.request.name, versions: ['1'], platform: 'phrases', inputs: [], outputs: [], properties: {} }),
    repositoryIndex: (_call, done) =>
      done(null, { models: [{ name: 'text_to_speech', version: '1', state: 'UNAVAILABLE', reason: 'espeak-ng is missing' }] }),
  });
  expect(await triton.status({ signal: signal() })).toEqual([
    { role: 'speech_to_text', kind: 'ready', engine: 'phrases', note: '' },
    { role: 'text_to_speech', kind: 'not_ready', reason: 'espeak-ng is missing' },
    { role: 'language_model', kind: 'not_ready', reason: '' },
  ]);
});
