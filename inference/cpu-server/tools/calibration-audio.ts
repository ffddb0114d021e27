// Audio of the calibration: voices that no template has, and what a broken line makes of them.
import type { EspeakRequest } from '#espeak/espeak-process.ts';
import { resample } from '#testing/telephone-line.ts';

/** A voice that is not among the templates' four. */
export type CallerVoice = Omit<EspeakRequest, 'text'>;

/** Callers of one language: men and women, other accents, pitches and speeds than the templates. */
export const callers: Readonly<Record<string, readonly CallerVoice[]>> = {
  es: [
    { voice: 'es', wordsPerMinute: 150, pitch: 65 },
    { voice: 'es-419+f1', wordsPerMinute: 165, pitch: 50 },
    { voice: 'es+m7', wordsPerMinute: 170, pitch: 35 },
    { voice: 'es-419+f3', wordsPerMinute: 140, pitch: 60 },
    { voice: 'es+f5', wordsPerMinute: 175, pitch: 50 },
    { voice: 'es-419+m1', wordsPerMinute: 185, pitch: 50 },
  ],
  en: [
    { voice: 'en-gb', wordsPerMinute: 150, pitch: 65 },
    { voice: 'en-us+f1', wordsPerMinute: 165, pitch: 50 },
    { voice: 'en-gb+m7', wordsPerMinute: 170, pitch: 35 },
    { voice: 'en-us+f3', wordsPerMinute: 140, pitch: 60 },
    { voice: 'en-gb+f5', wordsPerMinute: 175, pitch: 50 },
    { voice: 'en-gb-x-rp+m1', wordsPerMinute: 185, pitch: 50 },
  ],
};

/** What goes wrong between a call and a recogniser, by name. `other` is the far side of the same call. */
export const faults: Readonly<Record<string, (samples: Int16Array, other: Int16Array) => Int16Array>> = {
  'played backwards': (samples) => samples.toReversed(),
  'played at double speed': (samples) => Int16Array.from(resample(Float64Array.from(samples), 32_000, 16_000)),
  'played at half speed': (samples) => Int16Array.from(resample(Float64Array.from(samples), 8_000, 16_000)),
  'stereo taken as mono': (samples, other) =>
    Int16Array.from({ length: samples.length * 2 }, (_, at) => (at % 2 === 0 ? samples : other)[at >> 1] ?? 0),
  'the other channel': (_samples, other) => other,
};
