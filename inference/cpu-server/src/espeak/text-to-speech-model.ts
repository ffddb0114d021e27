// The text_to_speech role on espeak-ng: no weights, a robotic but clear voice, first sound about 10 ms after the request.
import type { Tensor } from 'triton-client-grpc-generated';
import { readContract } from '#server/contract.ts';
import { numberIn, textIn } from '#server/inputs.ts';
import { RequestRefused, type ModelLimits, type RoleModel } from '#server/role-model.ts';
import { soundTensors } from '#speech/sound-tensors.ts';
import { speak, type EspeakCommand, type EspeakRequest } from './espeak-process.ts';
import { hasVoice, readVoiceCatalog, voiceForLanguage, type VoiceCatalog } from './voice-catalog.ts';

/** Words per minute at SPEED 1. espeak-ng's own default of 175 is hard to follow on the telephone. */
const NORMAL_WORDS_PER_MINUTE = 160;

/** Opens the model. @throws when espeak-ng cannot be run. */
export async function openEspeakModel(command: EspeakCommand, limits: ModelLimits): Promise<RoleModel> {
  const catalog = await readVoiceCatalog(command);
  return {
    contract: readContract('text_to_speech'),
    engine: 'espeak-ng',
    note: 'robotic, needs no weights and no GPU; for demonstrations and small boxes',
    limits,
    state: () => ({ kind: 'ready' }),
    run: async function* (inputs, signal) {
      const request = espeakRequest(catalog, inputs);
      if (request.text.trim() === '') return;
      for await (const { samples, sampleRateHz } of speak(command, request, signal)) yield soundTensors(samples, sampleRateHz);
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function espeakRequest(catalog: VoiceCatalog, inputs: readonly Tensor[]): EspeakRequest {
  return {
    text: textIn(inputs, 'TEXT'),
    voice: chosenVoice(catalog, inputs),
    wordsPerMinute: NORMAL_WORDS_PER_MINUTE * numberIn(inputs, 'SPEED', 1),
  };
}

function chosenVoice(catalog: VoiceCatalog, inputs: readonly Tensor[]): string {
  const voice = textIn(inputs, 'VOICE');
  if (voice !== '') {
    if (hasVoice(catalog, voice)) return voice;
    throw new RequestRefused(
      'invalid_argument',
      `tensor VOICE: espeak-ng has no voice ${JSON.stringify(voice)}; say a language of it and a variant, such as es-419+f3`,
    );
  }
  const language = textIn(inputs, 'LANGUAGE');
  const found = voiceForLanguage(catalog, language);
  if (found === null) throw new RequestRefused('invalid_argument', `tensor LANGUAGE: espeak-ng does not speak ${JSON.stringify(language)}`);
  return found;
}
