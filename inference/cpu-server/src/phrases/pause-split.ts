// Cuts one long recording of many phrases at the pauses that were put between them.

/** Pause to ask for between phrases. Echoing voices ring for 300 ms into it; no phrase has one of its own that is nearly as long. */
export const PAUSE_MS = 1_500;
const MIN_PAUSE_MS = 800;
/** Amplitude that still counts as silence: the tail of an echo, 70 dB under full scale. */
const QUIET = 8;

/** Kept of the pause before and after each piece: what finds the bounds of speech measures them against silence. */
const MARGIN_MS = 200;

/** The stretches of sound in `samples`, in order, each with a little of the pauses around it. A last one without a pause counts too. */
export function splitAtPauses(samples: Int16Array, sampleRateHz: number): Int16Array[] {
  const minPause = (MIN_PAUSE_MS * sampleRateHz) / 1000;
  const margin = (MARGIN_MS * sampleRateHz) / 1000;
  const pieces: Int16Array[] = [];
  const cut = () => pieces.push(samples.subarray(Math.max(0, soundStart - margin), soundEnd + margin));
  let soundStart = 0;
  let soundEnd = 0;
  for (let at = 0; at < samples.length; at += 1) {
    if (Math.abs(samples[at] ?? 0) <= QUIET) continue;
    if (at - soundEnd >= minPause && soundEnd > soundStart) {
      cut();
      soundStart = at;
    }
    soundEnd = at + 1;
  }
  if (soundEnd > soundStart) cut();
  return pieces;
}
