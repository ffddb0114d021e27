/**
 * The sandbox's models, behind the real inference protocol on a real socket: a voice and an ear that speak the text modem. There is
 * no language model here, as on an appliance that was given no weights: the agent answers from its flow.
 */
import { findTensor, textsOf, textTensor } from 'triton-client-grpc-generated';
import type { Tensor } from 'triton-client-grpc-generated';
import { FRAME_HZ } from '#audio/frame.ts';
import type { InferenceRequest, StandInModel } from './inference-request.ts';
import { openInferenceStandIn } from './inference-stand-in-server.ts';
import type { InferenceStandIn } from './inference-stand-in-server.ts';
import { decodeText, encodeText } from './text-modem.ts';

/** Half a second at once, as a voice that is faster than real time. */
const CHUNK_SAMPLES = FRAME_HZ / 2;

/** Opens the sandbox's inference server on loopback; 0 or absent: a free port. */
export async function openSandboxInference(port = 0): Promise<InferenceStandIn> {
  return openInferenceStandIn({ port, models: { speech_to_text: modemEar, text_to_speech: modemVoice } });
}

const modemEar: StandInModel = {
  async *answer(request) {
    const audio = findTensor(request.inputs, 'AUDIO');
    if (audio?.datatype !== 'INT16') throw new Error('speech_to_text: AUDIO must be INT16');
    const text = decodeText(audio.values).trim();
    const isHeard = text !== '';
    yield {
      text,
      outputs: [textTensor('TEXT', [text]), scalar('CONFIDENCE', isHeard ? 1 : 0), scalar('NO_SPEECH_PROBABILITY', isHeard ? 0 : 1)],
    };
  },
};

const modemVoice: StandInModel = {
  async *answer(request) {
    const text = textIn(request, 'TEXT');
    // A space after each sentence: the terminal shows sentences one after the other.
    const sound = encodeText(text.endsWith(' ') ? text : `${text} `);
    const sampleRate: Tensor = { name: 'SAMPLE_RATE', datatype: 'INT32', shape: [1, 1], values: Int32Array.of(FRAME_HZ) };
    for (let start = 0; start < sound.length; start += CHUNK_SAMPLES) {
      const values = sound.subarray(start, start + CHUNK_SAMPLES);
      yield {
        text: start === 0 ? text : '',
        outputs: [{ name: 'AUDIO', datatype: 'INT16', shape: [1, values.length], values }, sampleRate],
      };
    }
  },
};

function textIn({ inputs }: InferenceRequest, name: string): string {
  const tensor = findTensor(inputs, name);
  if (tensor?.datatype !== 'BYTES') throw new Error(`${name} must be BYTES`);
  return textsOf(tensor)[0] ?? '';
}

function scalar(name: string, value: number): Tensor {
  return { name, datatype: 'FP32', shape: [1, 1], values: Float32Array.of(value) };
}
