/** Percentiles of a sample. */

/**
 * The value that `percent` of the sample does not exceed (nearest rank, so it is always a value that was measured).
 * Throws on an empty sample: a figure of nothing must not look like a good one.
 */
export function percentile(sample: readonly number[], percent: number): number {
  if (sample.length === 0) throw new Error(`percentile ${percent} of an empty sample`);
  const sorted = [...sample].toSorted((a, b) => a - b);
  const rank = Math.min(sorted.length, Math.max(1, Math.ceil((percent / 100) * sorted.length)));
  return sorted[rank - 1] as number;
}
