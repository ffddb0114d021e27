// The sherpa-onnx engine without its process: one recogniser, told the language when it changes.
import sherpa from 'sherpa-onnx-node';
import { SPEECH_RATE_HZ, type Transcribe, type TranscriptionOutcome } from '#speech/transcription.ts';
import type { SpeechModelFiles } from './model-files.ts';
import { modelLanguages } from './model-languages.ts';
import { recogniserConfig } from './recogniser-config.ts';
import { discardReason, isSilent } from './transcript-filter.ts';

/** Shorter audio makes some models fail instead of answering nothing. */
const MIN_SAMPLES = SPEECH_RATE_HZ / 10;
/** Said when a model gives no measure of its own: trusted, but not above a measured answer. */
const UNMEASURED_CONFIDENCE = 0.75;

/** Loads the weights; takes seconds. @throws when sherpa-onnx refuses them. */
export function createSherpaRecogniser(files: SpeechModelFiles, threads: number): Transcribe {
  const languageOf = modelLanguages(files.kind);
  let language = 'en';
  const recogniser = new sherpa.OfflineRecognizer(recogniserConfig(files, { language, threads }));
  return async (request) => {
    if (request.samples.length < MIN_SAMPLES) return nothing();
    // The other kinds write what they hear, or nothing.
    if (files.kind === 'whisper' && isSilent(request.samples)) return nothing('silence');
    const asked = languageOf(request.language);
    if (asked === null)
      return { kind: 'refused', reason: `tensor LANGUAGE: this ${files.kind} model does not know ${JSON.stringify(request.language)}` };
    if (asked !== language) {
      language = asked;
      recogniser.setConfig(recogniserConfig(files, { language, threads }));
    }
    const stream = recogniser.createStream();
    stream.acceptWaveform({ samples: Float32Array.from(request.samples, (sample) => sample / 32_768), sampleRate: SPEECH_RATE_HZ });
    recogniser.decode(stream);
    const result = recogniser.getResult(stream);
    const text = result.text.trim();
    if (text === '') return nothing();
    const discarded = files.kind === 'whisper' ? discardReason(text, request) : null;
    if (discarded !== null) return nothing(discarded);
    return { kind: 'transcribed', text, confidence: confidenceOf(result.ys_log_probs ?? []), noSpeechProbability: 0 };
  };
}

function nothing(discarded?: string): TranscriptionOutcome {
  return { kind: 'transcribed', text: '', confidence: 0, noSpeechProbability: 1, ...(discarded === undefined ? {} : { discarded }) };
}

/** Geometric mean of the pieces' probabilities. */
function confidenceOf(logProbabilities: readonly number[]): number {
  if (logProbabilities.length === 0) return UNMEASURED_CONFIDENCE;
  const mean = logProbabilities.reduce((sum, value) => sum + value, 0) / logProbabilities.length;
  return Math.min(1, Math.exp(mean));
}
