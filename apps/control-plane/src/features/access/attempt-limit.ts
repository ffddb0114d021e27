// Failed attempts per address: guessing a key of 190 bits is hopeless, but it fills the log and keeps the database busy.
import { LRUCache } from 'lru-cache';
import { addressBlock } from '#http/client-address.ts';
import { ProblemError } from '#http/problem.ts';
import type { Rate } from '#http/rate-limit.ts';
import { createRateLimiter, retryAfter } from '#http/rate-limit.ts';
import type { Clock } from '#shared/clock.ts';

/** Tokens: 10 failures at once, then 10 a minute. */
export const TOKEN_ATTEMPTS: Rate = { burst: 10, intervalMs: 6_000 };
/** The admin key: 5 at once, then 5 in 15 minutes. */
export const ADMIN_ATTEMPTS: Rate = { burst: 5, intervalMs: 180_000 };
/** Who proved itself is known for this long; what it proved is checked at every request all the same. */
const PROVEN_MS = 3_600_000;
const MAX_PROVEN = 10_000;

/** Decides whether what an address presents is looked at at all. */
export type AttemptLimit = {
  /**
   * Throws 429 while the address has failed too often, unless the caller is proven: without that exception whoever shares an address with a
   * client, behind one proxy or on the box itself, could lock it out. Who is not proven is refused even with the right key, or the limit would limit
   * nothing: the answer to the right guess would still be told from the others.
   */
  check(address: string, caller: string): void;
  /** Counts a failure of the address. What was proven is no longer. */
  failed(address: string, caller: string): void;
  /** The caller was right. */
  proved(caller: string): void;
};

/** `caller` is whatever tells callers apart without being the key itself: an address, a keyed hash. */
export function createAttemptLimit({ rate, clock }: { rate: Rate; clock: Clock }): AttemptLimit {
  const failures = createRateLimiter({ nowMs: () => clock.nowMs() });
  const proven = new LRUCache<string, number>({ max: MAX_PROVEN });
  return {
    check(address, caller) {
      // Looked at before and counted after: those under way at once pass together, which is bounded by the server's connections.
      const { allowed, retryAfterMs } = failures.look(addressBlock(address), rate);
      const provedAtMs = proven.get(caller) ?? -Infinity;
      if (allowed || clock.nowMs() - provedAtMs < PROVEN_MS) return;
      throw new ProblemError('rate_limited', 'too many failed attempts from this address', { headers: retryAfter(retryAfterMs) });
    },
    failed(address, caller) {
      failures.take(addressBlock(address), rate);
      proven.delete(caller);
    },
    proved: (caller) => void proven.set(caller, clock.nowMs()),
  };
}
