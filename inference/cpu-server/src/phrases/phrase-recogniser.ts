// The phrases engine without its process: hints and audio in, the phrase that was said out.
import { SPEECH_RATE_HZ, type Transcribe } from '#speech/transcription.ts';
import type { KnownPhrases } from './phrase-file.ts';
import { phrasesToTell } from './phrase-file.ts';
import { rankPhrases } from './phrase-ranking.ts';
import { speechFeatures } from './speech-features.ts';
import { createTemplateStore, type TemplateSource } from './template-store.ts';

/** Templates that are missing are made first, so audio of no length with hints prepares them. `known` are told apart besides the hints. */
export function createPhraseRecogniser(source: TemplateSource, known: KnownPhrases = {}): Transcribe {
  const store = createTemplateStore(source);
  return async ({ samples, language, hints }) => {
    const templates = await store.templatesFor(language, phrasesToTell(hints, language, known));
    if (templates === null) return { kind: 'refused', reason: `tensor LANGUAGE: espeak-ng does not speak ${JSON.stringify(language)}` };
    const speech = speechFeatures(samples, SPEECH_RATE_HZ);
    if (speech === null) return { kind: 'transcribed', text: '', confidence: 0, noSpeechProbability: 1 };
    const { phrase, confidence } = rankPhrases(speech, templates);
    return { kind: 'transcribed', text: phrase ?? '', confidence, noSpeechProbability: 0 };
  };
}
