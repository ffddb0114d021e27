import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRateLimiter, gcraStep, rateLimitHeaders, ratePerMinute, retryAfter } from './rate-limit.ts';

const rates = fc.record({ burst: fc.integer({ min: 1, max: 50 }), intervalMs: fc.integer({ min: 1, max: 5_000 }) });
const requests = fc.array(fc.record({ waitMs: fc.nat(3_000), cost: fc.integer({ min: 1, max: 5 }) }), { maxLength: 120 });

describe('a rate', () => {
  it('lets no more than its burst and its share of the time pass, over any window', () => {
    fc.assert(
      fc.property(rates, requests, (rate, asked) => {
        const passed: { atMs: number; cost: number }[] = [];
        let nowMs = 0;
        let dueAtMs = -Infinity;
        for (const { waitMs, cost } of asked) {
          nowMs += waitMs;
          const step = gcraStep(dueAtMs, { rate, cost, nowMs });
          ({ dueAtMs } = step);
          if (step.verdict.allowed) passed.push({ atMs: nowMs, cost: Math.min(cost, rate.burst) });
        }
        return passed.every((first, from) => {
          let sum = 0;
          return passed.slice(from).every(({ atMs, cost }) => {
            sum += cost;
            return sum <= rate.burst + (atMs - first.atMs) / rate.intervalMs + 1e-6;
          });
        });
      }),
    );
  });

  it('lets a refused request pass exactly when it said, and not a moment before', () => {
    fc.assert(
      fc.property(rates, fc.integer({ min: 1, max: 5 }), (rate, cost) => {
        let dueAtMs = -Infinity;
        let step = gcraStep(dueAtMs, { rate, cost, nowMs: 0 });
        while (step.verdict.allowed) step = gcraStep((dueAtMs = step.dueAtMs), { rate, cost, nowMs: 0 });
        const { retryAfterMs } = step.verdict;
        const early = gcraStep(dueAtMs, { rate, cost, nowMs: retryAfterMs - 0.5 });
        const onTime = gcraStep(dueAtMs, { rate, cost, nowMs: retryAfterMs });
        return !early.verdict.allowed && onTime.verdict.allowed;
      }),
    );
  });

  it('lets as many pass at once as it says remain', () => {
    fc.assert(
      fc.property(rates, requests, (rate, asked) => {
        let nowMs = 0;
        let dueAtMs = -Infinity;
        for (const { waitMs, cost } of asked) {
          nowMs += waitMs;
          const step = gcraStep(dueAtMs, { rate, cost, nowMs });
          ({ dueAtMs } = step);
          const { remaining } = step.verdict;
          if (remaining > 0 && !gcraStep(dueAtMs, { rate, cost: remaining, nowMs }).verdict.allowed) return false;
          if (remaining < rate.burst && gcraStep(dueAtMs, { rate, cost: remaining + 1, nowMs }).verdict.allowed) return false;
        }
        return true;
      }),
    );
  });

  it('lets a request pass that costs more than the burst, when everything is there', () => {
    expect(gcraStep(-Infinity, { rate: { burst: 2, intervalMs: 100 }, cost: 9, nowMs: 0 }).verdict).toMatchObject({
      allowed: true,
      remaining: 0,
    });
  });
});

describe('a limiter', () => {
  it('counts each key by itself and gives back with time', () => {
    let nowMs = 0;
    const limiter = createRateLimiter({ nowMs: () => nowMs });
    const rate = ratePerMinute(3);
    const passed = (key: string) => limiter.take(key, rate).allowed;
    expect([passed('a'), passed('a'), passed('a'), passed('a'), passed('b')]).toEqual([true, true, true, false, true]);
    nowMs += 19_999;
    expect(passed('a')).toBe(false);
    nowMs += 1;
    expect([passed('a'), passed('a')]).toEqual([true, false]);
  });

  it('only looks when it is asked to look', () => {
    const limiter = createRateLimiter({ nowMs: () => 0 });
    const rate = ratePerMinute(1);
    expect([limiter.look('a', rate).allowed, limiter.look('a', rate).allowed]).toEqual([true, true]);
    limiter.take('a', rate);
    expect(limiter.look('a', rate)).toMatchObject({ allowed: false, retryAfterMs: 60_000 });
  });

  it('forgets the key that was not seen longest when there are too many', () => {
    const limiter = createRateLimiter({ nowMs: () => 0, maxKeys: 2 });
    for (const key of ['a', 'b', 'c']) limiter.take(key, ratePerMinute(1));
    expect(['b', 'c', 'a'].map((key) => limiter.look(key, ratePerMinute(1)).allowed)).toEqual([false, false, true]);
  });

  it('keeps a debt of at most a minute when the plan becomes smaller', () => {
    const limiter = createRateLimiter({ nowMs: () => 0 });
    for (let sent = 0; sent < 600; sent += 1) limiter.take('a', ratePerMinute(600));
    expect(limiter.look('a', ratePerMinute(6)).retryAfterMs).toBeLessThanOrEqual(60_000);
  });
});

describe('the headers', () => {
  it('tell the plan, what is left, and when all of it is back, rounded up', () => {
    const limiter = createRateLimiter({ nowMs: () => 0 });
    const verdict = limiter.take('a', ratePerMinute(600), 6);
    expect(rateLimitHeaders(600, verdict)).toEqual({ 'ratelimit-policy': '"plan";q=600;w=60', ratelimit: '"plan";r=594;t=1' });
  });

  it('never say to come back at once', () => {
    expect([retryAfter(1), retryAfter(1_001)]).toEqual([{ 'retry-after': '1' }, { 'retry-after': '2' }]);
  });
});
