// Templates of expected phrases, spoken once by espeak-ng in several voices and kept by phrase and language.
import { speak, type EspeakCommand, type EspeakRequest } from '#espeak/espeak-process.ts';
import { voiceForLanguage, type VoiceCatalog } from '#espeak/voice-catalog.ts';
import type { Cepstra } from './cepstra.ts';
import type { PhraseTemplates } from './phrase-ranking.ts';
import { speechFeatures } from './speech-features.ts';

/** A phrase in four voices takes about 40 kB: 2,000 of them 80 MB. */
const MAX_PHRASES = 2_000;
/** Processes at once: one core stays free for calls on the smallest box. */
const PARALLEL = 2;

/** Two timbres of men and two of women, at different speeds and in two accents: what lies between them is near one of them. */
const timbres = [
  { variant: '', wordsPerMinute: 160, accent: 'own' },
  { variant: '+f2', wordsPerMinute: 175, accent: 'other' },
  { variant: '+f4', wordsPerMinute: 160, accent: 'own' },
  { variant: '+m3', wordsPerMinute: 145, accent: 'other' },
] as const;

const otherAccents: Readonly<Record<string, string>> = { es: 'es-419', 'es-419': 'es', 'en-us': 'en-gb', 'en-gb': 'en-us' };

/** Templates, made when first asked for. */
export interface TemplateStore {
  /** Templates of `phrases` in their order; null when the language is not spoken here. Phrases that make no sound are left out. */
  templatesFor(language: string, phrases: readonly string[]): Promise<readonly PhraseTemplates[] | null>;
}

/** How templates are made. The synthesis is shared by all requests, so one request's abort does not stop it; `signal` does. */
export interface TemplateSource {
  readonly command: EspeakCommand;
  readonly catalog: VoiceCatalog;
  readonly signal: AbortSignal;
}

export function createTemplateStore(source: TemplateSource): TemplateStore {
  // A map keeps insertion order: the first key is the one unused for longest.
  const kept = new Map<string, Promise<PhraseTemplates>>();
  const line = createLine(PARALLEL);

  const templatesOf = (voice: string, phrase: string): Promise<PhraseTemplates> => {
    const key = `${voice}\n${phrase}`;
    const made = kept.get(key) ?? line(() => synthesise(source, voice, phrase));
    kept.delete(key);
    kept.set(key, made);
    // What failed once is tried again by the next request.
    made.catch(() => kept.delete(key));
    for (const oldest of kept.keys()) {
      if (kept.size <= MAX_PHRASES) break;
      kept.delete(oldest);
    }
    return made;
  };

  return {
    templatesFor: async (language, phrases) => {
      const voice = voiceForLanguage(source.catalog, language);
      if (voice === null) return null;
      const templates = await Promise.all(phrases.map((phrase) => templatesOf(voice, phrase)));
      return templates.filter((one) => one.voices.length > 0);
    },
  };
}

async function synthesise(source: TemplateSource, voice: string, phrase: string): Promise<PhraseTemplates> {
  const voices: Cepstra[] = [];
  for (const { variant, wordsPerMinute, accent } of timbres) {
    const spokenBy = accent === 'own' ? voice : (otherAccents[voice] ?? voice);
    const features = await spokenFeatures(source, { text: phrase, voice: `${spokenBy}${variant}`, wordsPerMinute });
    if (features !== null) voices.push(features);
  }
  return { phrase, voices };
}

async function spokenFeatures(source: TemplateSource, request: EspeakRequest): Promise<Cepstra | null> {
  const pieces: Int16Array[] = [];
  let rateHz = 0;
  for await (const { samples, sampleRateHz } of speak(source.command, request, source.signal)) {
    pieces.push(samples);
    rateHz = sampleRateHz;
  }
  const joined = new Int16Array(pieces.reduce((total, piece) => total + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined.length === 0 ? null : speechFeatures(joined, rateHz);
}

/** Runs at most `parallel` tasks at once, the rest in order. */
function createLine(parallel: number): <Made>(task: () => Promise<Made>) => Promise<Made> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (task) => {
    if (running >= parallel) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
