// Templates of expected phrases, spoken once by espeak-ng in several voices and kept by phrase and language.
import { voiceForLanguage, type VoiceCatalog } from '#espeak/voice-catalog.ts';
import type { Cepstra } from './cepstra.ts';
import type { PhraseTemplates } from './phrase-ranking.ts';
import { speakPhrases, type PhraseSpeaker } from './phrase-speaker.ts';
import { speechFeatures } from './speech-features.ts';

/** A phrase in four voices takes about 40 kB: 2,000 of them 80 MB. */
const MAX_PHRASES = 2_000;
/** Phrases spoken by one process: enough to hide its start, few enough to be ready within 100 ms. */
const BATCH = 12;
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
export interface TemplateSource extends PhraseSpeaker {
  readonly catalog: VoiceCatalog;
}

export function createTemplateStore(source: TemplateSource): TemplateStore {
  // A map keeps insertion order: the first key is the one unused for longest.
  const kept = new Map<string, Promise<PhraseTemplates>>();
  const line = createLine(PARALLEL);
  const keep = (key: string, made: Promise<PhraseTemplates>) => {
    kept.delete(key);
    kept.set(key, made);
    for (const oldest of kept.keys()) {
      if (kept.size <= MAX_PHRASES) break;
      kept.delete(oldest);
    }
  };
  const make = (voice: string, phrases: readonly string[]) => {
    const batch = line(() => synthesise(source, voice, phrases));
    for (const [at, phrase] of phrases.entries()) {
      const key = keyOf(voice, phrase);
      const made = batch.then((all) => all[at] ?? { phrase, voices: [] });
      // What failed once is tried again by the next request.
      made.catch(() => kept.delete(key));
      keep(key, made);
    }
  };

  return {
    templatesFor: async (language, phrases) => {
      const voice = voiceForLanguage(source.catalog, language);
      if (voice === null) return null;
      const missing = phrases.filter((phrase) => !kept.has(keyOf(voice, phrase)));
      for (let at = 0; at < missing.length; at += BATCH) make(voice, missing.slice(at, at + BATCH));
      const wanted: Promise<PhraseTemplates>[] = [];
      for (const phrase of phrases) {
        const key = keyOf(voice, phrase);
        const made = kept.get(key);
        if (made === undefined) continue;
        wanted.push(made);
        keep(key, made);
      }
      const templates = await Promise.all(wanted);
      return templates.filter(({ voices }) => voices.length > 0);
    },
  };
}

const keyOf = (voice: string, phrase: string) => `${voice}\n${phrase}`;

async function synthesise(source: TemplateSource, voice: string, phrases: readonly string[]): Promise<readonly PhraseTemplates[]> {
  const templates = phrases.map((phrase) => ({ phrase, voices: [] as Cepstra[] }));
  for (const { variant, wordsPerMinute, accent } of timbres) {
    const spokenBy = accent === 'own' ? voice : (otherAccents[voice] ?? voice);
    const recordings = await speakPhrases(source, { voice: `${spokenBy}${variant}`, wordsPerMinute }, phrases);
    for (const [at, { samples, sampleRateHz }] of recordings.entries()) {
      const features = samples.length === 0 ? null : speechFeatures(samples, sampleRateHz);
      if (features !== null) templates[at]?.voices.push(features);
    }
  }
  return templates;
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
