// The text_to_speech role on espeak-ng: no weights, a robotic but clear voice, first sound about 10 ms after the request.
import { findTensor, textsOf, type Tensor } from 'triton-client-grpc-generated';
import { readContract } from '#server/contract.ts';
import { RequestRefused, type ModelState, type RoleModel } from '#server/role-model.ts';
import { speak, type EspeakCommand, type EspeakRequest } from './espeak-process.ts';
import { hasVoice, voiceForLanguage, type VoiceCatalog } from './voice-catalog.ts';

/** Words per minute at SPEED 1. espeak-ng's own default of 175 is hard to follow on the telephone. */
const NORMAL_WORDS_PER_MINUTE = 160;

/** A catalog, or why there is none. */
export type EspeakSetup =
  | { readonly kind: 'ready'; readonly catalog: VoiceCatalog }
  | { readonly kind: 'unavailable'; readonly reason: string };

export function createTextToSpeechModel(command: EspeakCommand, setup: EspeakSetup): RoleModel {
  return {
    contract: readContract('text_to_speech'),
    engine: 'espeak-ng',
    note: 'robotic, needs no weights and no GPU; for demonstrations and small boxes',
    // A process takes about 5 ms of processor per second of speech: eight at once leave a small box room for calls.
    limits: { maxRunning: 8, maxWaiting: 64 },
    state: (): ModelState => (setup.kind === 'ready' ? { kind: 'ready' } : setup),
    run: async function* (inputs, signal) {
      if (setup.kind === 'unavailable') throw new RequestRefused('unavailable', setup.reason);
      const request = espeakRequest(setup.catalog, inputs);
      if (request.text.trim() === '') return;
      for await (const { samples, sampleRateHz } of speak(command, request, signal)) {
        yield [
          { name: 'AUDIO', datatype: 'INT16', shape: [1, samples.length], values: samples },
          { name: 'SAMPLE_RATE', datatype: 'INT32', shape: [1, 1], values: Int32Array.of(sampleRateHz) },
        ];
      }
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function espeakRequest(catalog: VoiceCatalog, inputs: readonly Tensor[]): EspeakRequest {
  const speed = findTensor(inputs, 'SPEED');
  const factor = speed?.datatype === 'FP32' ? (speed.values[0] ?? 1) : 1;
  return { text: textOf(inputs, 'TEXT'), voice: chosenVoice(catalog, inputs), wordsPerMinute: NORMAL_WORDS_PER_MINUTE * factor };
}

function chosenVoice(catalog: VoiceCatalog, inputs: readonly Tensor[]): string {
  const voice = textOf(inputs, 'VOICE');
  if (voice !== '') {
    if (hasVoice(catalog, voice)) return voice;
    throw new RequestRefused(
      'invalid_argument',
      `tensor VOICE: espeak-ng has no voice ${JSON.stringify(voice)}; say a language of it and a variant, such as es-419+f3`,
    );
  }
  const language = textOf(inputs, 'LANGUAGE');
  const found = voiceForLanguage(catalog, language);
  if (found === null) throw new RequestRefused('invalid_argument', `tensor LANGUAGE: espeak-ng does not speak ${JSON.stringify(language)}`);
  return found;
}

function textOf(inputs: readonly Tensor[], name: string): string {
  const tensor = findTensor(inputs, name);
  return tensor?.datatype === 'BYTES' ? (textsOf(tensor)[0] ?? '') : '';
}
