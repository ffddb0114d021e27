// Opens the engine that the manifest names for a role; a configured engine that cannot run is an error, never another engine in its place.
import { engineThreads } from '#children/processors.ts';
import { openEspeakModel } from '#espeak/text-to-speech-model.ts';
import { readVoiceCatalog } from '#espeak/voice-catalog.ts';
import { openLlamaModel } from '#llama/language-model.ts';
import { readPhraseFile } from '#phrases/phrase-file.ts';
import type { PhrasesSettings } from '#phrases/phrases-worker.ts';
import type { Config } from '#server/config.ts';
import type { ModelLimits, RoleModel } from '#server/role-model.ts';
import { findSpeechModel } from '#sherpa/model-files.ts';
import type { SherpaSettings } from '#sherpa/sherpa-worker.ts';
import { openSherpaVoiceModel } from '#sherpa/text-to-speech-model.ts';
import { openSpeechToTextModel } from '#speech/speech-to-text-model.ts';
import type { EngineManifest, EngineOf } from './engine-manifest.ts';

/** Programs that engines run. */
export type EnginePrograms = Pick<Config, 'espeak' | 'llamaServer'>;

/** Beyond four threads short utterances and sentences gain nothing. */
const MAX_SPEECH_THREADS = 4;

/** What each engine bears where the manifest does not say. */
const defaults = {
  // The engine works on one utterance at a time; a second one may prepare its templates meanwhile.
  phrases: { maxRunning: 2, maxWaiting: 64 },
  speech_to_text: { maxRunning: 2, maxWaiting: 64 },
  // A process takes about 5 ms of processor per second of speech: eight at once leave a small box room for calls.
  'espeak-ng': { maxRunning: 8, maxWaiting: 64 },
  text_to_speech: { maxRunning: 2, maxWaiting: 32 },
  // On a processor a second conversation halves the speed of the first; who waits longer than this has hung up.
  language_model: { maxRunning: 2, maxWaiting: 8 },
} as const satisfies Record<string, ModelLimits>;

/** Requests at once and in the queue, as the manifest or the engine's kind says. */
export function limitsOf(manifest: EngineManifest, role: keyof EngineManifest): ModelLimits {
  const engine = manifest[role];
  const byKind = engine?.engine === 'phrases' || engine?.engine === 'espeak-ng' ? defaults[engine.engine] : defaults[role];
  return { maxRunning: engine?.slots ?? byKind.maxRunning, maxWaiting: engine?.queue ?? byKind.maxWaiting };
}

/** Resolves with a model that is ready. @throws with what is missing. */
export async function openEngine(manifest: EngineManifest, role: keyof EngineManifest, programs: EnginePrograms): Promise<RoleModel> {
  const limits = limitsOf(manifest, role);
  if (role === 'speech_to_text' && manifest.speech_to_text) return openHearing(manifest.speech_to_text, limits, programs);
  if (role === 'text_to_speech' && manifest.text_to_speech) {
    const voice = manifest.text_to_speech;
    if (voice.engine === 'espeak-ng') return openEspeakModel(programs.espeak, limits);
    return openSherpaVoiceModel({ ...voice, threads: engineThreads(voice.threads ?? MAX_SPEECH_THREADS), limits });
  }
  if (role === 'language_model' && manifest.language_model) {
    return openLlamaModel({ ...manifest.language_model, limits, program: programs.llamaServer });
  }
  throw new Error(`the list of engines no longer names ${role}: name it, or start the server again without it`);
}

async function openHearing(hearing: EngineOf<'speech_to_text'>, limits: ModelLimits, { espeak }: EnginePrograms): Promise<RoleModel> {
  if (hearing.engine === 'sherpa-onnx') {
    const files = findSpeechModel(hearing.folder);
    const settings: SherpaSettings = { files, threads: engineThreads(hearing.threads ?? MAX_SPEECH_THREADS) };
    const module = new URL('../sherpa/sherpa-worker.ts', import.meta.url);
    return openSpeechToTextModel({
      engine: 'sherpa-onnx',
      note: `${files.kind} model of the operator, hints are not used`,
      limits,
      module,
      settings,
    });
  }
  const settings: PhrasesSettings = {
    command: espeak,
    catalog: await readVoiceCatalog(espeak),
    known: hearing.phrasesFile === undefined ? {} : readPhraseFile(hearing.phrasesFile),
  };
  return openSpeechToTextModel({
    engine: 'phrases',
    note: 'for demonstrations and test voices only: recognises just the phrases it is given; configure a model for people',
    limits,
    module: new URL('../phrases/phrases-worker.ts', import.meta.url),
    settings,
  });
}
