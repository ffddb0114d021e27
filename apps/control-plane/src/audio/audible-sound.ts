// Where sound begins and ends, by its level alone: what the caller's silence before an answer is measured with, while a call is up and on its recording.

/** Softer than this is silence: 40 dB below full scale, 20 dB below a voice on the telephone. */
export const AUDIBLE_SAMPLE = 328;

/** Sound between two silences; ms from the start of the recording. */
export type Stretch = { readonly startMs: number; readonly endMs: number };

/** Finds stretches in sound that comes in pieces; keeps nothing of the sound. */
export type StretchFinder = {
  push(pcm: Int16Array): void;
  /** All so far; the last one may still grow. */
  readonly stretches: readonly Stretch[];
};

/** Opens a finder for sound of `hz`; a silence shorter than `joinMs` does not end a stretch. */
export function openStretchFinder({ hz, joinMs }: { hz: number; joinMs: number }): StretchFinder {
  const stretches: { startMs: number; endMs: number }[] = [];
  const perMs = hz / 1_000;
  let passed = 0;
  return {
    stretches,
    push(pcm) {
      for (let index = 0; index < pcm.length; index++) {
        if (!isAudible(pcm[index] as number)) continue;
        const atMs = (passed + index) / perMs;
        const last = stretches.at(-1);
        if (last && atMs - last.endMs < joinMs) last.endMs = atMs + 1 / perMs;
        else stretches.push({ startMs: atMs, endMs: atMs + 1 / perMs });
      }
      passed += pcm.length;
    },
  };
}

/** Stretches of sound that is there as a whole. */
export function stretchesOf(pcm: Int16Array, options: { hz: number; joinMs: number }): readonly Stretch[] {
  const finder = openStretchFinder(options);
  finder.push(pcm);
  return finder.stretches;
}

/** Samples before the first audible one; null when there is none. */
export function silenceBefore(pcm: Int16Array): number | null {
  const index = pcm.findIndex(isAudible);
  return index === -1 ? null : index;
}

/** Samples up to and with the last audible one; null when there is none. */
export function soundUntil(pcm: Int16Array): number | null {
  const index = pcm.findLastIndex(isAudible);
  return index === -1 ? null : index + 1;
}

function isAudible(sample: number): boolean {
  return sample >= AUDIBLE_SAMPLE || sample <= -AUDIBLE_SAMPLE;
}
