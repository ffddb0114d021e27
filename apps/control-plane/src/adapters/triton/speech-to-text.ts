// Speech to text by the speech_to_text model: one unary request per utterance (inference/contracts/speech_to_text.json).
import type { SpeechToText, Transcript, Utterance } from '#ports/speech-to-text.ts';
import { findTensor, textsOf, textTensor, type InferReply, type TritonClient } from 'triton-client-grpc-generated';
import { brokenContract, inferenceErrorFrom } from './inference-failure.ts';

const role = 'speech_to_text';

/** Where requests go, and how long one may take before the turn goes on without it. */
export type TritonSpeechToTextOptions = { readonly client: TritonClient; readonly deadlineMs: number };

/** Engine of the cpu-server that compares sound with its hints; a first comparison takes 20 ms for each phrase it never saw. */
const ENGINE_OF_HINTS = 'phrases';
/** Time to make ready all phrases of an agent: 200 of them take 4 s on a busy core. */
const PREPARE_DEADLINE_MS = 20_000;

/** Whisper's own threshold of silence. */
const SILENT_ABOVE = 0.6;
/** The mean probability of a word below which a text over probable silence is a guess: engines are sure of what was said near the telephone. */
const SURE_FROM = 0.5;

export function createTritonSpeechToText({ client, deadlineMs }: TritonSpeechToTextOptions): SpeechToText {
  return {
    prepare: async ({ language, hints }, { signal }) => {
      const limits = { deadlineMs: PREPARE_DEADLINE_MS, signal };
      const { platform } = await client.modelMetadata(role, limits);
      if (platform !== ENGINE_OF_HINTS) return;
      await client.infer({ model: role, inputs: inputsOf({ pcm: new Int16Array(0), language, hints }) }, limits);
    },
    transcribe: async (utterance, { signal }) => {
      try {
        return transcriptOf(await client.infer({ model: role, inputs: inputsOf(utterance) }, { deadlineMs, signal }));
      } catch (cause) {
        throw inferenceErrorFrom(role, cause);
      }
    },
  };
}

function inputsOf({ pcm, language, hints }: Utterance) {
  return [
    { name: 'AUDIO', datatype: 'INT16', shape: [1, pcm.length], values: pcm } as const,
    textTensor('LANGUAGE', [language]),
    textTensor('HINTS', hints),
  ];
}

function transcriptOf({ outputs }: InferReply): Transcript {
  const text = findTensor(outputs, 'TEXT');
  if (text?.datatype !== 'BYTES') throw brokenContract(role, 'TEXT');
  const confidence = shareOf(outputs, 'CONFIDENCE');
  const noSpeechProbability = shareOf(outputs, 'NO_SPEECH_PROBABILITY');
  // Models write sentences about silence, and an agent that answers them talks to nobody. Our Whisper drops what it knows to be such; this is
  // for every other engine that may be loaded under the role's name.
  if (noSpeechProbability > SILENT_ABOVE && confidence < SURE_FROM) return { text: '', confidence: 0, noSpeechProbability };
  return { text: (textsOf(text)[0] ?? '').trim(), confidence, noSpeechProbability };
}

function shareOf(outputs: InferReply['outputs'], name: string): number {
  const tensor = findTensor(outputs, name);
  const value = tensor?.datatype === 'FP32' ? tensor.values[0] : undefined;
  if (value === undefined) throw brokenContract(role, name);
  return value;
}
