// How many calls the box bears, from what each live call was seen to take of everything that calls use. Pure: measurements in, an answer with its reasons out.

/** One moment: how many calls were up, and how much of each resource was in use. */
export type UsageSample = { readonly liveCalls: number; readonly used: Readonly<Record<string, number>> };

/** A resource and the most that there may be: of it, in the unit of the samples, or of calls, where that depends on what one takes. */
export type ResourceLimit = { readonly resource: string } & (
  | { readonly limit: number }
  | { readonly callsAt: (perCall: number) => number }
);

/** What one live call takes of a resource, by a straight line through the samples. */
export type CallCost = {
  readonly resource: string;
  readonly limit: number;
  /** In use without a call. */
  readonly idle: number;
  readonly perCall: number;
  /** Standard error of `perCall` over `perCall`: 0.1 is 10 %. */
  readonly perCallError: number;
  /** Calls at which the limit is met. */
  readonly calls: number;
};

/** An estimate, with its reasons. */
export type CapacityEstimate = {
  /** Calls that the box bears; null while too little was measured. */
  readonly calls: number | null;
  /** The resource that is met first; null as above. */
  readonly binds: string | null;
  /** All that could be told, the scarcest first. */
  readonly costs: readonly CallCost[];
};

/** Fewer samples say nothing: two minutes at one in ten seconds. */
const MIN_SAMPLES = 12;
/** A line needs samples that are apart. */
const MIN_SPREAD_CALLS = 2;
/** A cost that is not known better than this (two standard errors are the cost itself) may be nothing at all. */
const MAX_COST_ERROR = 0.5;

/** The estimate. A resource whose use does not grow with the calls is no term. */
export function estimateCapacity(samples: readonly UsageSample[], limits: readonly ResourceLimit[]): CapacityEstimate {
  const costs = limits.flatMap((limit) => costOf(samples, limit) ?? []).toSorted((a, b) => a.calls - b.calls);
  const [first] = costs;
  return { calls: first ? Math.max(0, first.calls) : null, binds: first?.resource ?? null, costs };
}

/**
 * Least squares of use over live calls; null when the samples do not tell. A sample counts the less the more calls were up: each call's use comes
 * and goes by itself, so that the spread of their sum grows with their number.
 */
function costOf(samples: readonly UsageSample[], resourceLimit: ResourceLimit): CallCost | null {
  const { resource } = resourceLimit;
  const points = samples.flatMap(({ liveCalls, used }) => {
    const value = used[resource];
    return value === undefined ? [] : [{ calls: liveCalls, value, weight: 1 / Math.max(1, liveCalls) }];
  });
  const count = points.length;
  if (count < MIN_SAMPLES) return null;
  const calls = points.map((point) => point.calls);
  if (Math.max(...calls) - Math.min(...calls) < MIN_SPREAD_CALLS) return null;
  const weighed = (valueOf: (point: (typeof points)[number]) => number) =>
    points.reduce((sum, point) => sum + point.weight * valueOf(point), 0);
  const whole = weighed(() => 1);
  const [meanCalls, meanValue] = [weighed((point) => point.calls) / whole, weighed(({ value }) => value) / whole];
  const spread = weighed((point) => (point.calls - meanCalls) ** 2);
  const perCall = weighed((point) => (point.calls - meanCalls) * (point.value - meanValue)) / spread;
  if (perCall <= 0) return null;
  const idle = meanValue - perCall * meanCalls;
  const residuals = weighed((point) => (point.value - idle - perCall * point.calls) ** 2);
  const perCallError = Math.sqrt(residuals / (count - 2) / spread) / perCall;
  if (perCallError > MAX_COST_ERROR) return null;
  const cost = { resource, idle, perCall, perCallError };
  if ('limit' in resourceLimit) return { ...cost, limit: resourceLimit.limit, calls: (resourceLimit.limit - idle) / perCall };
  const mostCalls = resourceLimit.callsAt(perCall);
  return { ...cost, limit: idle + mostCalls * perCall, calls: mostCalls };
}
