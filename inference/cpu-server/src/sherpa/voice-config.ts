// What sherpa-onnx is told for each kind of voice.
import type { OfflineTtsConfig } from 'sherpa-onnx-node';
import type { VoiceFiles } from './voice-files.ts';

/** Configuration for one voice. Sentences are spoken one by one, so that the first is heard while the second is made. */
export function voiceConfig(files: VoiceFiles, settings: { readonly threads: number; readonly language: string | null }): OfflineTtsConfig {
  const { tokens, dataDir, lexicon } = files;
  const said = { tokens, ...(dataDir === undefined ? {} : { dataDir }), ...(lexicon === undefined ? {} : { lexicon }) };
  const shared = { numThreads: settings.threads, provider: 'cpu', debug: false } as const;
  const one = { maxNumSentences: 1 };
  switch (files.kind) {
    case 'vits':
      return { ...one, model: { ...shared, vits: { model: files.model, ...said } } };
    case 'matcha':
      return { ...one, model: { ...shared, matcha: { acousticModel: files.acousticModel, vocoder: files.vocoder, ...said } } };
    case 'kokoro': {
      const lang = settings.language?.toLowerCase().split('-')[0];
      return {
        ...one,
        model: { ...shared, kokoro: { model: files.model, voices: files.voices, ...said, ...(lang === undefined ? {} : { lang }) } },
      };
    }
  }
}
