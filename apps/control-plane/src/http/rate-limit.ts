// How often somebody may ask: the generic cell rate algorithm, which keeps one number per key and lets a steady rate through evenly.
import { LRUCache } from 'lru-cache';

/** `burst` at once, and from then on one every `intervalMs`. Over any window at most `burst` + window / `intervalMs` pass. */
export type Rate = { readonly burst: number; readonly intervalMs: number };

/** What a request is told. `resetMs`: until everything is available again. */
export type RateVerdict = {
  readonly allowed: boolean;
  readonly remaining: number;
  readonly resetMs: number;
  /** When the same request passes; 0 for one that did. */
  readonly retryAfterMs: number;
};

/**
 * One step. `dueAtMs` is the theoretical arrival time: when a client at exactly the allowed rate would have come to where this one is; in the past
 * for one that has everything. A cost above the burst counts as the burst, for it would never pass.
 */
export function gcraStep(dueAtMs: number, request: { rate: Rate; cost: number; nowMs: number }): { dueAtMs: number; verdict: RateVerdict } {
  const { rate, nowMs } = request;
  const cost = Math.min(request.cost, rate.burst);
  const fullMs = rate.burst * rate.intervalMs;
  const wouldBeDueAtMs = Math.max(dueAtMs, nowMs) + cost * rate.intervalMs;
  const tooEarlyMs = wouldBeDueAtMs - fullMs - nowMs;
  // Below a microsecond it is rounding.
  const allowed = tooEarlyMs < 0.001;
  const nextDueAtMs = allowed ? wouldBeDueAtMs : dueAtMs;
  const resetMs = Math.max(0, nextDueAtMs - nowMs);
  const remaining = Math.max(0, Math.floor((fullMs - resetMs) / rate.intervalMs + 1e-6));
  return { dueAtMs: nextDueAtMs, verdict: { allowed, remaining, resetMs, retryAfterMs: allowed ? 0 : tooEarlyMs } };
}

/** Counts of many keys. Each process counts by itself. */
export type RateLimiter = {
  /** Counts `cost` against the key's rate, unless it does not fit. */
  take(key: string, rate: Rate, cost?: number): RateVerdict;
  /** What one more would be told; counts nothing. */
  look(key: string, rate: Rate): RateVerdict;
};

/** Keys that were seen lately; 100 bytes each. The one not seen longest is forgotten, and starts afresh. */
const MAX_KEYS = 20_000;

export function createRateLimiter(options: { nowMs: () => number; maxKeys?: number }): RateLimiter {
  const { nowMs, maxKeys = MAX_KEYS } = options;
  const dueAtMs = new LRUCache<string, number>({ max: maxKeys });
  const step = (key: string, rate: Rate, cost: number) => gcraStep(dueAtMs.get(key) ?? -Infinity, { rate, cost, nowMs: nowMs() });
  return {
    take(key, rate, cost = 1) {
      const { dueAtMs: next, verdict } = step(key, rate, cost);
      if (verdict.allowed) dueAtMs.set(key, next);
      return verdict;
    },
    look: (key, rate) => step(key, rate, 1).verdict,
  };
}

const MINUTE_MS = 60_000;

/** A plan's rate: a minute's worth at once, so that who polls once a minute gets all that was promised, then evenly. */
export function ratePerMinute(requests: number): Rate {
  return { burst: requests, intervalMs: MINUTE_MS / requests };
}

/**
 * The headers that tell a client how much is left: draft-ietf-httpapi-ratelimit-headers-11, still a draft, so this is the one place that knows its syntax.
 * `t` is rounded up: who waits that long has everything.
 */
export function rateLimitHeaders(requestsPerMinute: number, verdict: RateVerdict): Record<string, string> {
  return {
    'ratelimit-policy': `"plan";q=${requestsPerMinute};w=${MINUTE_MS / 1_000}`,
    ratelimit: `"plan";r=${verdict.remaining};t=${Math.ceil(verdict.resetMs / 1_000)}`,
  };
}

/** `Retry-After` in whole seconds, at least 1: 0 would be read as at once. */
export function retryAfter(retryAfterMs: number): Record<string, string> {
  return { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1_000))) };
}
