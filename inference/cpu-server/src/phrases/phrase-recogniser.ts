// The phrases engine without its thread: hints and audio in, the phrase that was said out.
import { SPEECH_RATE_HZ, type TranscriptionOutcome, type TranscriptionRequest } from '#speech/transcription.ts';
import { rankPhrases } from './phrase-ranking.ts';
import { speechFeatures } from './speech-features.ts';
import { createTemplateStore, type TemplateSource } from './template-store.ts';

/** Answers one request; templates that are missing are made first. */
export type PhraseRecogniser = (request: TranscriptionRequest) => Promise<TranscriptionOutcome>;

export function createPhraseRecogniser(source: TemplateSource): PhraseRecogniser {
  const store = createTemplateStore(source);
  return async ({ samples, language, hints }) => {
    const templates = await store.templatesFor(language, [...new Set(hints)]);
    if (templates === null) return { kind: 'refused', reason: `tensor LANGUAGE: espeak-ng does not speak ${JSON.stringify(language)}` };
    const speech = speechFeatures(samples, SPEECH_RATE_HZ);
    if (speech === null) return { kind: 'transcribed', text: '', confidence: 0, noSpeechProbability: 1 };
    const { phrase, confidence } = rankPhrases(speech, templates);
    return { kind: 'transcribed', text: phrase ?? '', confidence, noSpeechProbability: 0 };
  };
}
