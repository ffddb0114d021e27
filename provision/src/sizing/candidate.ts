/** One way of running the models on a machine, and which of two is better. Types and order only. */
import type { PlacedModel, SizingTerm } from './sizing-plan.ts';

export type Candidate = {
  readonly models: readonly PlacedModel[];
  readonly terms: readonly SizingTerm[];
  /** Least of the terms and of what is admitted before anything was measured. */
  readonly calls: number;
  /** How good the models are, the most important first; decides between candidates of equal calls. */
  readonly quality: readonly number[];
};

/** The most calls, and of those the best models: so that more memory never makes fewer calls. */
export function bestCandidate(candidates: Iterable<Candidate>): Candidate | null {
  let best: Candidate | null = null;
  for (const candidate of candidates) if (best === null || isBetter(candidate, best)) best = candidate;
  return best;
}

function isBetter(one: Candidate, other: Candidate): boolean {
  if (one.calls !== other.calls) return one.calls > other.calls;
  for (const [index, value] of one.quality.entries()) {
    const against = other.quality[index] ?? 0;
    if (value !== against) return value > against;
  }
  return false;
}
