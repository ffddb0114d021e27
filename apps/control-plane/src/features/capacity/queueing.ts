// How long requests wait for a model that works on a few at once, and how much work it takes before they wait too long. Pure.

/** A model as a queue sees it. */
export type Servers = {
  /** Requests that it works on at once. */
  readonly slots: number;
  /** Of one request, ms. */
  readonly serviceMs: number;
  /** Variance of that over its square: 0 when every request takes as long, 1 when their lengths are exponential. */
  readonly variation: number;
};

/** Share of requests that wait at all, when `load` slots are busy on average (Erlang's C formula; requests come independently of each other). */
export function waitProbability(slots: number, load: number): number {
  if (load >= slots) return 1;
  // Erlang's B by its recurrence, which does not overflow, then C from B.
  let blocked = 1;
  for (let server = 1; server <= slots; server++) blocked = (load * blocked) / (server + load * blocked);
  return blocked / (1 - (load / slots) * (1 - blocked));
}

/**
 * Wait that 95 % of requests do not exceed, ms. Exponential beyond the share that waits (exact for exponential lengths); for others the mean is
 * scaled by their variation (Lee and Longton's approximation).
 */
export function waitP95Ms({ slots, serviceMs, variation }: Servers, load: number): number {
  if (load >= slots) return Number.POSITIVE_INFINITY;
  const waiting = waitProbability(slots, load);
  if (waiting <= 0.05) return 0;
  return (Math.log(waiting / 0.05) * serviceMs * ((1 + variation) / 2)) / (slots - load);
}

/** The most work, in busy slots, at which 95 % of requests wait no longer than `limitMs`. */
export function largestLoad(servers: Servers, limitMs: number): number {
  let [low, high] = [0, servers.slots];
  // 40 halvings: exact to a billionth of the slots.
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2;
    if (waitP95Ms(servers, middle) <= limitMs) low = middle;
    else high = middle;
  }
  return low;
}
