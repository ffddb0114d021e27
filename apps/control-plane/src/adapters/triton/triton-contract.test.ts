// The Triton adapters keep the contracts of their ports: here against a real gRPC server whose models answer in proportion to what they are asked.
import { status } from '@grpc/grpc-js';
import { textsOf, textTensor } from 'triton-client-grpc-generated';
import type { Tensor } from 'triton-client-grpc-generated';
import type { GRPCInferenceServiceServer, ModelInferRequest } from 'triton-client-grpc-generated/generated/kserve-v2.ts';
import { toWireReply } from 'triton-client-grpc-generated/infer-message.ts';
import { decodeTensors } from 'triton-client-grpc-generated/tensor-decoding.ts';
import { openLoopbackServer } from 'triton-client-grpc-generated/testing/loopback-server.ts';
import { describeSpeechToText } from '#ports/testing/speech-to-text.contract.ts';
import { describeTextToSpeech } from '#ports/testing/text-to-speech.contract.ts';
import { openTriton } from './triton.ts';

const VOICE_HZ = 22_050;
/** A slow speaker's pace. */
const SAMPLES_PER_CHARACTER = VOICE_HZ / 12;
const CHUNK_SAMPLES = 8_192;

const wireReply = (outputs: readonly Tensor[], isFinal: boolean) =>
  toWireReply({ model: 'm', version: '1', id: '', outputs, parameters: { triton_final_response: isFinal } });
const share = (name: string, value: number): Tensor => ({ name, datatype: 'FP32', shape: [1, 1], values: Float32Array.of(value) });

/** Sound of a request: as long as its text takes at its speed. */
function soundOf(request: ModelInferRequest): Int16Array {
  const inputs = decodeTensors(request.inputs, request.rawInputContents);
  const text = inputs.find((tensor) => tensor.name === 'TEXT');
  const speed = inputs.find((tensor) => tensor.name === 'SPEED');
  if (text?.datatype !== 'BYTES' || speed?.datatype !== 'FP32') throw new Error('expected TEXT and SPEED');
  const samples = ((textsOf(text)[0]?.length ?? 0) * SAMPLES_PER_CHARACTER) / (speed.values[0] ?? 1);
  return Int16Array.from({ length: Math.round(samples) }, (_, i) => 8_000 * Math.sin(i / 20));
}

async function openModels() {
  let isBroken = false;
  const handlers: Partial<GRPCInferenceServiceServer> = {
    modelInfer: (_call, done) => {
      if (isBroken) done({ code: status.INTERNAL, details: 'the model broke' });
      else done(null, wireReply([textTensor('TEXT', ['Good morning']), share('CONFIDENCE', 0.9), share('NO_SPEECH_PROBABILITY', 0)], true));
    },
    modelStreamInfer: (call) =>
      call.on('data', (request: ModelInferRequest) => {
        if (isBroken) return call.write({ errorMessage: 'the model broke', inferResponse: undefined });
        const sound = soundOf(request);
        for (let at = 0; at < sound.length; at += CHUNK_SAMPLES) {
          const values = sound.slice(at, at + CHUNK_SAMPLES);
          const outputs: Tensor[] = [
            { name: 'AUDIO', datatype: 'INT16', shape: [1, values.length], values },
            { name: 'SAMPLE_RATE', datatype: 'INT32', shape: [1, 1], values: Int32Array.of(VOICE_HZ) },
          ];
          call.write({ errorMessage: '', inferResponse: wireReply(outputs, at + CHUNK_SAMPLES >= sound.length) });
        }
        return undefined;
      }),
  };
  const server = await openLoopbackServer(handlers);
  const to = { url: server.url, deadlineMs: 5_000 };
  const triton = openTriton({ speechToText: to, textToSpeech: to, languageModel: null });
  return {
    ...triton.models,
    breakModel: () => void (isBroken = true),
    [Symbol.asyncDispose]: async () => {
      await triton[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

describeSpeechToText('triton', async () => ({
  ...(await openModels()),
  spoken: { utterance: { pcm: new Int16Array(16_000), language: 'en', hints: [] }, word: 'morning' },
}));

describeTextToSpeech('triton', openModels);
