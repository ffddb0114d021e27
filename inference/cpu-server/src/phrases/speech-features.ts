// From samples of any rate to what is compared: the one road both callers' audio and templates take.
import { createBandAnalyser, STEP_MS, type BandAnalyser } from './band-energies.ts';
import { cepstraOf, type Cepstra } from './cepstra.ts';
import { speechBounds } from './speech-bounds.ts';

/** Speech shorter than this is a click or a breath: "sí" at full speed lasts 200 ms. */
const MIN_SPEECH_MS = 100;

const analysers = new Map<number, BandAnalyser>();

/** Features of the speech in `samples`, silence at both ends cut off; null when there is none. */
export function speechFeatures(samples: Int16Array, sampleRateHz: number): Cepstra | null {
  let analyser = analysers.get(sampleRateHz);
  if (analyser === undefined) {
    analyser = createBandAnalyser(sampleRateHz);
    analysers.set(sampleRateHz, analyser);
  }
  const energies = analyser(samples);
  const bounds = speechBounds(energies);
  if (bounds === null || (bounds.end - bounds.first) * STEP_MS < MIN_SPEECH_MS) return null;
  return cepstraOf(energies, bounds);
}
