// What sherpa-onnx is told for each kind of model and each language.
import type { OfflineRecognizerConfig } from 'sherpa-onnx-node';
import { SPEECH_RATE_HZ } from '#speech/transcription.ts';
import type { SpeechModelFiles } from './model-files.ts';

/** Configuration for one language, as the model names it; transducers hear all of theirs and are not told. */
export function recogniserConfig(
  files: SpeechModelFiles,
  settings: { readonly language: string; readonly threads: number },
): OfflineRecognizerConfig {
  const { language } = settings;
  const { encoder, decoder, tokens } = files;
  const shared = { tokens, numThreads: settings.threads, provider: 'cpu' } as const;
  const featConfig = { sampleRate: SPEECH_RATE_HZ, featureDim: 80 };
  switch (files.kind) {
    case 'whisper':
      return { featConfig, modelConfig: { ...shared, whisper: { encoder, decoder, language, task: 'transcribe' } } };
    case 'canary':
      return { featConfig, modelConfig: { ...shared, canary: { encoder, decoder, srcLang: language, tgtLang: language, usePnc: 1 } } };
    case 'transducer':
      return {
        featConfig,
        modelConfig: { ...shared, transducer: { encoder, decoder, joiner: files.joiner }, modelType: 'nemo_transducer' },
      };
  }
}
