// How many calls a model bears that works on a few requests at once, before they wait for it too long. Pure.

/** A model as the calls see it. */
export type SharedModel = {
  /** Requests that it works on at once. */
  readonly slots: number;
  /** Of one request, ms. */
  readonly serviceMs: number;
  /** Variance of that over its square: 0 when every request takes as long, 1 when their lengths are exponential. */
  readonly variation: number;
  /** Share of its time for which a call has a request in work, above 0. */
  readonly perCall: number;
};

/** So many requests may wait longer than the limit. */
const LATE_SHARE = 0.05;
/** States that are less likely than this, against all before, change nothing. */
const NEGLIGIBLE = 1e-9;

/**
 * Share of requests that wait longer than `limitMs` while `calls` (2.5 is between 2 and 3) are up.
 *
 * A call has one request at a time: the more wait, the fewer come. Taken for requests that come whatever happens (Erlang's C), a model of 350 ms in two
 * slots bore 22 calls; callers met the limit at 28.7. The states are those of the machine repair model; where all slots are taken, the ratio of neighbours
 * is bent to how much more even work is than exponential (the diffusion approximation of a queue's tail). What a request finds is what it would find
 * without its own call, and it waits for as many ends of work as are ahead of it, whose time is taken as gamma distributed.
 */
export function lateShare(model: SharedModel, calls: number, limitMs: number): number {
  const { slots, serviceMs, variation, perCall } = model;
  // A call thinks for the rest of its time.
  const intensity = perCall / (1 - perCall);
  const bend = 2 / (1 + variation);
  let [weight, sum, late] = [1, 1, 0];
  for (let ahead = 0; ahead < calls - 1; ahead++) {
    const ratio = ((calls - 1 - ahead) * intensity) / Math.min(ahead + 1, slots);
    weight *= ahead + 1 > slots ? ratio ** bend : ratio;
    sum += weight;
    const ends = ahead + 2 - slots;
    if (ends >= 1) late += weight * longerThan(limitMs, { ends, everyMs: serviceMs / slots, variation });
    if (weight < NEGLIGIBLE * sum) break;
  }
  return late / sum;
}

/** The most calls of which 95 % of requests wait no longer than `limitMs`; never more than keep all slots at work all the time. */
export function mostCalls(model: SharedModel, limitMs: number): number {
  let [low, high] = [0, model.slots / model.perCall];
  // 40 halvings: exact to a billionth.
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2;
    if (lateShare(model, middle, limitMs) <= LATE_SHARE) low = middle;
    else high = middle;
  }
  return low;
}

/** The work of a request that is as long as all others is half done when another comes. */
const HALF_DONE = 0.5;
/** Work is never so even that its end is known to the millisecond; below it the steps of the distribution show. */
const LEAST_VARIATION = 0.05;

type Ahead = { readonly ends: number; readonly everyMs: number; readonly variation: number };

/** Probability that so many ends of work take longer: gamma by Wilson and Hilferty's cube root, which is good to a hundredth. */
function longerThan(limitMs: number, { ends, everyMs, variation }: Ahead): number {
  const meanMs = (ends - HALF_DONE * (1 - variation)) * everyMs;
  const shape = ends / Math.max(LEAST_VARIATION, variation);
  const spread = 1 / (9 * shape);
  return 1 - normalBelow((Math.cbrt(limitMs / meanMs) - (1 - spread)) / Math.sqrt(spread));
}

/** The standard normal distribution (Zelen and Severo's formula, Abramowitz and Stegun 26.2.17, good to 1e-7). */
function normalBelow(z: number): number {
  const t = 1 / (1 + 0.231_641_9 * Math.abs(z));
  const series = [1.330_274_429, -1.821_255_978, 1.781_477_937, -0.356_563_782, 0.319_381_53].reduce((sum, each) => (sum + each) * t, 0);
  const beyond = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
  return z > 0 ? 1 - beyond : beyond;
}
