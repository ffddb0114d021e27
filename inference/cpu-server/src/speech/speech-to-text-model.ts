// The speech_to_text role: contract on one side, an engine on the other.
import { findTensor, textsOf, textTensor, type Tensor } from 'triton-client-grpc-generated';
import { readContract } from '#server/contract.ts';
import { RequestRefused, type RoleModel } from '#server/role-model.ts';
import type { SpeechEngine, TranscriptionRequest } from './transcription.ts';

/** An engine that runs, or why none does. */
export type SpeechSetup =
  | { readonly kind: 'ready'; readonly engine: SpeechEngine }
  | { readonly kind: 'unavailable'; readonly engineName: SpeechEngine['name']; readonly reason: string };

export function createSpeechToTextModel(setup: SpeechSetup): RoleModel {
  return {
    contract: readContract('speech_to_text'),
    engine: setup.kind === 'ready' ? setup.engine.name : setup.engineName,
    note: setup.kind === 'ready' ? setup.engine.note : 'not running',
    // The engine works on one utterance at a time; a second one may prepare its templates meanwhile.
    limits: { maxRunning: 2, maxWaiting: 64 },
    state: () => (setup.kind === 'ready' ? { kind: 'ready' } : { kind: 'unavailable', reason: setup.reason }),
    run: async function* (inputs, signal) {
      if (setup.kind === 'unavailable') throw new RequestRefused('unavailable', setup.reason);
      const outcome = await setup.engine.transcribe(transcriptionRequest(inputs), signal);
      if (outcome.kind === 'refused') throw new RequestRefused('invalid_argument', outcome.reason);
      if (outcome.kind === 'failed') throw new Error(`speech_to_text failed: ${outcome.reason}`);
      yield [
        textTensor('TEXT', [outcome.text]),
        { name: 'CONFIDENCE', datatype: 'FP32', shape: [1, 1], values: Float32Array.of(outcome.confidence) },
        { name: 'NO_SPEECH_PROBABILITY', datatype: 'FP32', shape: [1, 1], values: Float32Array.of(outcome.noSpeechProbability) },
      ];
    },
    [Symbol.asyncDispose]: async () => {
      if (setup.kind === 'ready') await setup.engine[Symbol.asyncDispose]();
    },
  };
}

function transcriptionRequest(inputs: readonly Tensor[]): TranscriptionRequest {
  const audio = findTensor(inputs, 'AUDIO');
  return {
    samples: audio?.datatype === 'INT16' ? audio.values : new Int16Array(),
    language: textsIn(inputs, 'LANGUAGE')[0] ?? '',
    hints: textsIn(inputs, 'HINTS').filter((hint) => hint.trim() !== ''),
  };
}

function textsIn(inputs: readonly Tensor[], name: string): string[] {
  const tensor = findTensor(inputs, name);
  return tensor?.datatype === 'BYTES' ? textsOf(tensor) : [];
}
