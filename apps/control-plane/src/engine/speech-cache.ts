// Prompts are said in every call, so their sound is made once and kept: a greeting that waits for no model is heard at the first moment.
import { LRUCache } from 'lru-cache';
import { concatPcm } from '#audio/frame.ts';
import type { Speech, TextToSpeech } from '#ports/text-to-speech.ts';

/** Bounds of the cache. */
export type SpeechCacheLimits = {
  /** Sound kept; the least recently used goes first. */
  readonly maxBytes: number;
  /** The longest sound worth keeping. */
  readonly maxEntryBytes: number;
  /** Texts remembered as said once. */
  readonly maxSeen: number;
};

/** 32 MB hold 17 minutes of sound, some 200 prompts of 5 s; 2 MB hold a minute, the longest reply. */
const defaultLimits: SpeechCacheLimits = {
  maxBytes: 32 * 1_024 * 1_024,
  maxEntryBytes: 2 * 1_024 * 1_024,
  maxSeen: 2_000,
};

/**
 * The same engine with a memory. Only sound that was made whole is kept, and only from the second time that a text is asked for:
 * a model's replies are seldom said twice, and keeping them would push the prompts out.
 */
export function withSpeechCache(engine: TextToSpeech, limits: SpeechCacheLimits = defaultLimits): TextToSpeech {
  const sounds = new LRUCache<string, Int16Array>({
    maxSize: limits.maxBytes,
    maxEntrySize: limits.maxEntryBytes,
    sizeCalculation: (pcm) => Math.max(1, pcm.byteLength),
  });
  const seen = new LRUCache<string, true>({ max: limits.maxSeen });
  return {
    isKept: (speech) => sounds.has(keyOf(speech)),
    async *synthesize(speech, options) {
      const key = keyOf(speech);
      const kept = sounds.get(key);
      if (kept !== undefined) return yield kept;
      const isWorthKeeping = seen.has(key);
      seen.set(key, true);
      const parts: Int16Array[] = [];
      for await (const chunk of engine.synthesize(speech, options)) {
        if (isWorthKeeping) parts.push(chunk);
        yield chunk;
      }
      // An engine may end quietly when it is aborted: what it gave then is not the whole text. Silence kept would be silence for ever.
      if (isWorthKeeping && parts.length > 0 && !options.signal.aborted) sounds.set(key, concatPcm(parts));
    },
  };
}

/** Everything that changes the sound. */
function keyOf({ text, language, voice, speed }: Speech): string {
  return JSON.stringify([text, language, voice, speed]);
}
