// Which of the expected phrases was said, if any: the pure decision, separate from how templates are made.
import { warpDistance, isComparable } from './time-warp.ts';
import type { Cepstra } from './cepstra.ts';

/** One expected phrase as several voices say it. */
export interface PhraseTemplates {
  readonly phrase: string;
  readonly voices: readonly Cepstra[];
}

/** The answer about one utterance. `phrase` is null when nothing is near, or when two different phrases are equally near. */
export interface PhraseMatch {
  readonly phrase: string | null;
  /** 1 at distance 0, 0.5 at the limit of acceptance, less when a second phrase is nearly as near. */
  readonly confidence: number;
  /** Distance to the nearest phrase; Infinity when no phrase is of a comparable length. */
  readonly distance: number;
  /** Distance of the second phrase over that of the first; Infinity when there is no second. */
  readonly margin: number;
}

/** Limits of acceptance, found by `npm run calibrate`; its table is in the README. */
export const acceptance = {
  /** For speech of a second and more. */
  maxDistance: 5,
  /** For one short word: with so few frames, noise and reversed words come as near as 4.1. */
  maxShortDistance: 3.9,
  shortFrames: 20,
  longFrames: 45,
  minMargin: 1.08,
} as const;

/** Beyond this many times the nearest distance a phrase cannot matter to the margin, so its alignment is given up. */
const GIVE_UP_MARGIN = 1.5;

/** Compares speech with every template. Cost: about 30 microseconds per template of a two-second phrase. */
export function rankPhrases(speech: Cepstra, phrases: readonly PhraseTemplates[]): PhraseMatch {
  let nearest: { phrase: string; distance: number } | null = null;
  let second = Number.POSITIVE_INFINITY;
  for (const { phrase, voices } of phrases) {
    const giveUpAt = Math.min(second, GIVE_UP_MARGIN * (nearest?.distance ?? Number.POSITIVE_INFINITY));
    const distance = nearestVoice(speech, voices, giveUpAt);
    if (nearest === null || distance < nearest.distance) {
      second = nearest?.distance ?? Number.POSITIVE_INFINITY;
      nearest = distance === Number.POSITIVE_INFINITY ? nearest : { phrase, distance };
    } else if (distance < second) second = distance;
  }
  if (nearest === null) return { phrase: null, confidence: 0, distance: Number.POSITIVE_INFINITY, margin: Number.POSITIVE_INFINITY };
  const margin = second / nearest.distance;
  const maxDistance = maxDistanceFor(speech.frames);
  const isAccepted = nearest.distance <= maxDistance && margin >= acceptance.minMargin;
  const clarity = Math.min(1, (margin - 1) / (acceptance.minMargin - 1));
  const confidence = clarity * 0.5 ** ((nearest.distance / maxDistance) ** 2);
  return { phrase: isAccepted ? nearest.phrase : null, confidence, distance: nearest.distance, margin };
}

function nearestVoice(speech: Cepstra, voices: readonly Cepstra[], giveUpAt: number): number {
  let nearest = Number.POSITIVE_INFINITY;
  for (const voice of voices) {
    if (!isComparable(speech.frames, voice.frames)) continue;
    nearest = Math.min(nearest, warpDistance(speech, voice, Math.min(nearest, giveUpAt)));
  }
  return nearest;
}

function maxDistanceFor(frames: number): number {
  const { maxDistance, maxShortDistance, shortFrames, longFrames } = acceptance;
  const share = Math.min(1, Math.max(0, (frames - shortFrames) / (longFrames - shortFrames)));
  return maxShortDistance + share * (maxDistance - maxShortDistance);
}
