// Where speech begins and ends in an utterance, by loudness against its own loudest moments and its own background.
import { BAND_COUNT } from './mel-bands.ts';
import type { BandEnergies } from './band-energies.ts';

/** First frame and the frame after the last. */
export interface SpeechBounds {
  readonly first: number;
  readonly end: number;
}

// In natural-logarithm units of energy: 4.34 dB each.
const BELOW_PEAK = 7; // 30 dB under the loudest frame is breath and line noise.
const ABOVE_BACKGROUND = 1.6; // 7 dB over the background: steady noise varies by less.
const MIN_PEAK = 4; // Quieter than this at the peak is an idle line, -70 dBFS and less.
const MIN_RANGE = 2; // 9 dB between loud and quiet: a hiss or a tone has less, speech has syllables.
const MIN_RUN = 3; // 45 ms: clicks are shorter, a stop consonant with its vowel is longer.

/** Bounds of the speech, or null when nothing stands out of the background. */
export function speechBounds({ frames, logEnergies }: BandEnergies): SpeechBounds | null {
  const loudness = Float32Array.from({ length: frames }, (_, frame) => {
    let sum = 0;
    for (let band = 0; band < BAND_COUNT; band += 1) sum += Math.exp(logEnergies[frame * BAND_COUNT + band] ?? 0) - 1;
    return Math.log(1 + sum / BAND_COUNT);
  });
  const ranked = loudness.toSorted();
  const peak = ranked[Math.floor(frames * 0.95)] ?? 0;
  const background = ranked[Math.floor(frames * 0.05)] ?? 0;
  if (peak < MIN_PEAK || peak - background < MIN_RANGE) return null;
  // With no pause at all the quietest frame is speech: never ask for more than the middle of the range.
  const threshold = Math.max(peak - BELOW_PEAK, Math.min(background + ABOVE_BACKGROUND, (peak + background) / 2));
  const isLoud = (frame: number) => (loudness[frame] ?? 0) > threshold;
  const runs = (from: number, step: 1 | -1) => {
    let run = 0;
    for (let frame = from; frame >= 0 && frame < frames; frame += step) {
      run = isLoud(frame) ? run + 1 : 0;
      if (run === MIN_RUN) return frame - step * (MIN_RUN - 1);
    }
    return null;
  };
  const first = runs(0, 1);
  const last = runs(frames - 1, -1);
  return first === null || last === null ? null : { first, end: last + 1 };
}
