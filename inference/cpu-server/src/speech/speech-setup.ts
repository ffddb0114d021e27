// Chooses the engine of speech_to_text: the operator's model when a folder is configured, else the expected phrases.
import { availableParallelism } from 'node:os';
import type { EspeakCommand } from '#espeak/espeak-process.ts';
import type { EspeakSetup } from '#espeak/text-to-speech-model.ts';
import { readPhraseFile } from '#phrases/phrase-file.ts';
import type { PhrasesSettings } from '#phrases/phrases-worker.ts';
import { findSpeechModel } from '#sherpa/model-files.ts';
import type { SherpaSettings } from '#sherpa/sherpa-worker.ts';
import type { SpeechSetup } from './speech-to-text-model.ts';
import { openProcessEngine } from './process-engine.ts';

/** What the choice depends on. */
export interface SpeechSources {
  readonly modelDir: string | null;
  /** Of the phrases engine; null: none. */
  readonly phrasesFile: string | null;
  readonly command: EspeakCommand;
  readonly espeak: EspeakSetup;
}

/** Opens the engine. A configured model that does not load is an unavailable role, never another engine in its place. */
export async function openSpeechSetup(sources: SpeechSources): Promise<SpeechSetup> {
  const engineName = sources.modelDir === null ? 'phrases' : 'sherpa-onnx';
  try {
    const engine = sources.modelDir === null ? await openPhrases(sources) : await openSherpa(sources.modelDir);
    return { kind: 'ready', engine };
  } catch (cause) {
    return { kind: 'unavailable', engineName, reason: cause instanceof Error ? cause.message : String(cause) };
  }
}

function openPhrases({ command, espeak, phrasesFile }: SpeechSources) {
  if (espeak.kind === 'unavailable') throw new Error(espeak.reason);
  const known = phrasesFile === null ? {} : readPhraseFile(phrasesFile);
  const settings: PhrasesSettings = { command, catalog: espeak.catalog, known };
  return openProcessEngine({
    name: 'phrases',
    note: 'for demonstrations and test voices only: recognises just the phrases it is given; set SPEECH_TO_TEXT_MODEL_DIR for people',
    module: new URL('../phrases/phrases-worker.ts', import.meta.url),
    settings,
  });
}

function openSherpa(folder: string) {
  const settings: SherpaSettings = { files: findSpeechModel(folder), threads: Math.max(1, Math.min(4, availableParallelism() - 1)) };
  return openProcessEngine({
    name: 'sherpa-onnx',
    note: `${settings.files.kind} model of the operator, hints are not used`,
    module: new URL('../sherpa/sherpa-worker.ts', import.meta.url),
    settings,
  });
}
