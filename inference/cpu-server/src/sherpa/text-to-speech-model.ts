// The text_to_speech role on sherpa-onnx: the operator's voice, in a process of its own.
import type { Tensor } from 'triton-client-grpc-generated';
import { startEngineProcess } from '#children/engine-process.ts';
import { openRestarting } from '#children/restarting.ts';
import { readContract } from '#server/contract.ts';
import { numberIn, textIn } from '#server/inputs.ts';
import { RequestRefused, type ModelLimits, type RoleModel } from '#server/role-model.ts';
import { soundTensors } from '#speech/sound-tensors.ts';
import { findVoice } from './voice-files.ts';
import type { VoiceChunk, VoiceRequest, VoiceSettings } from './voice-worker.ts';

/** Which voice, and how much of the machine it may take. */
export interface VoiceModelOptions {
  readonly folder: string;
  readonly threads: number;
  /** Where the voice's own files do not say it. */
  readonly language?: string | undefined;
  readonly limits: ModelLimits;
}

/** Opens the model. @throws when the voice is incomplete or does not load. */
export async function openSherpaVoiceModel({ folder, threads, limits, ...options }: VoiceModelOptions): Promise<RoleModel> {
  const files = findVoice(folder);
  const language = options.language ?? files.language;
  const settings: VoiceSettings = { files, threads, language };
  const module = new URL('./voice-worker.ts', import.meta.url);
  const run = await openRestarting(() => startEngineProcess<VoiceRequest, VoiceChunk>({ module, settings }));
  return {
    contract: readContract('text_to_speech'),
    engine: 'sherpa-onnx',
    note: `${files.kind} voice of the operator${language === null ? '' : `, speaks ${language}`}`,
    limits,
    state: () => run.state(),
    run: async function* (inputs, signal) {
      const request = voiceRequest(inputs, language);
      if (request.text.trim() === '') return;
      for await (const { samples, sampleRateHz } of run.engine().ask(request, signal)) yield soundTensors(samples, sampleRateHz);
    },
    [Symbol.asyncDispose]: () => run[Symbol.asyncDispose](),
  };
}

function voiceRequest(inputs: readonly Tensor[], spoken: string | null): VoiceRequest {
  const asked = textIn(inputs, 'LANGUAGE');
  if (spoken !== null && primary(asked) !== primary(spoken)) {
    throw new RequestRefused('invalid_argument', `tensor LANGUAGE: this voice speaks ${spoken}, not ${JSON.stringify(asked)}`);
  }
  return { text: textIn(inputs, 'TEXT'), voice: textIn(inputs, 'VOICE'), speed: numberIn(inputs, 'SPEED', 1) };
}

function primary(tag: string): string {
  return tag.toLowerCase().split(/[-_]/)[0] ?? '';
}
