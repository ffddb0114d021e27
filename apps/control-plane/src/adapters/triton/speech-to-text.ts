// Speech to text by the speech_to_text model: one unary request per utterance (inference/contracts/speech_to_text.json).
import type { SpeechToText, Transcript } from '#ports/speech-to-text.ts';
import { findTensor, textsOf, textTensor, type InferReply, type TritonClient } from 'triton-client-grpc-generated';
import { brokenContract, inferenceErrorFrom } from './inference-failure.ts';

const role = 'speech_to_text';

/** Where requests go, and how long one may take before the turn goes on without it. */
export type TritonSpeechToTextOptions = { readonly client: TritonClient; readonly deadlineMs: number };

export function createTritonSpeechToText({ client, deadlineMs }: TritonSpeechToTextOptions): SpeechToText {
  return {
    transcribe: async ({ pcm, language, hints }, { signal }) => {
      const inputs = [
        { name: 'AUDIO', datatype: 'INT16', shape: [1, pcm.length], values: pcm } as const,
        textTensor('LANGUAGE', [language]),
        textTensor('HINTS', hints),
      ];
      try {
        return transcriptOf(await client.infer({ model: role, inputs }, { deadlineMs, signal }));
      } catch (cause) {
        throw inferenceErrorFrom(role, cause);
      }
    },
  };
}

function transcriptOf({ outputs }: InferReply): Transcript {
  const text = findTensor(outputs, 'TEXT');
  if (text?.datatype !== 'BYTES') throw brokenContract(role, 'TEXT');
  return {
    text: (textsOf(text)[0] ?? '').trim(),
    confidence: shareOf(outputs, 'CONFIDENCE'),
    noSpeechProbability: shareOf(outputs, 'NO_SPEECH_PROBABILITY'),
  };
}

function shareOf(outputs: InferReply['outputs'], name: string): number {
  const tensor = findTensor(outputs, name);
  const value = tensor?.datatype === 'FP32' ? tensor.values[0] : undefined;
  if (value === undefined) throw brokenContract(role, name);
  return value;
}
