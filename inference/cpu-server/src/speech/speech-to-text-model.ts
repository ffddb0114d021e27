// The speech_to_text role: contract on one side, an engine process on the other.
import { findTensor, textTensor, type Tensor } from 'triton-client-grpc-generated';
import { startEngineProcess, type EngineProgram } from '#children/engine-process.ts';
import { openRestarting } from '#children/restarting.ts';
import { readContract } from '#server/contract.ts';
import { textsIn } from '#server/inputs.ts';
import type { ModelLimits, RoleModel } from '#server/role-model.ts';
import type { Transcription, TranscriptionRequest } from './transcription.ts';

/** An engine for speech and how it is named. */
export interface SpeechEngine extends EngineProgram {
  readonly engine: string;
  readonly note: string;
  readonly limits: ModelLimits;
}

/** Opens the model. @throws when its engine cannot start. */
export async function openSpeechToTextModel({ engine, note, limits, ...program }: SpeechEngine): Promise<RoleModel> {
  const run = await openRestarting(() => startEngineProcess<TranscriptionRequest, Transcription>(program));
  return {
    contract: readContract('speech_to_text'),
    engine,
    note,
    limits,
    state: () => run.state(),
    run: async function* (inputs, signal) {
      for await (const said of run.engine().ask(transcriptionRequest(inputs), signal)) yield answerOf(said);
    },
    [Symbol.asyncDispose]: () => run[Symbol.asyncDispose](),
  };
}

function answerOf({ text, confidence, noSpeechProbability, discarded }: Transcription): readonly Tensor[] {
  return [
    textTensor('TEXT', [text]),
    { name: 'CONFIDENCE', datatype: 'FP32', shape: [1, 1], values: Float32Array.of(confidence) },
    { name: 'NO_SPEECH_PROBABILITY', datatype: 'FP32', shape: [1, 1], values: Float32Array.of(noSpeechProbability) },
    ...(discarded === undefined ? [] : [textTensor('DISCARDED', [discarded])]),
  ];
}

function transcriptionRequest(inputs: readonly Tensor[]): TranscriptionRequest {
  const audio = findTensor(inputs, 'AUDIO');
  return {
    samples: audio?.datatype === 'INT16' ? audio.values : new Int16Array(),
    language: textsIn(inputs, 'LANGUAGE')[0] ?? '',
    hints: textsIn(inputs, 'HINTS').filter((hint) => hint.trim() !== ''),
  };
}
