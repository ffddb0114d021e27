import fc from 'fast-check';
import { expect, it } from 'vitest';
import { meanOpinionScore, ratingOf } from './e-model.ts';

const clean = { codec: 'ulaw', lossRatio: 0, jitterMs: 0, roundTripMs: null };

it('scores ratings as the table of G.107 Annex B does', () => {
  const known = [
    [90, 4.34],
    [80, 4.02],
    [70, 3.6],
    [60, 3.1],
    [50, 2.58],
  ] as const;
  for (const [rating, score] of known) expect(meanOpinionScore(rating)).toBeCloseTo(score, 2);
  expect([meanOpinionScore(-3), meanOpinionScore(0), meanOpinionScore(100)]).toEqual([1, 1, 4.5]);
});

it('gives a clean G.711 line toll quality', () => {
  expect(ratingOf(clean)).toBeCloseTo(92.72, 2);
  expect(meanOpinionScore(ratingOf(clean))).toBeGreaterThan(4.39);
});

it('takes off what loss costs G.711 with concealment: 5 % are 15.8 points', () => {
  expect(ratingOf(clean) - ratingOf({ ...clean, lossRatio: 0.05 })).toBeCloseTo(15.78, 2);
});

it('takes off little for delay up to 177 ms one way, and much beyond', () => {
  // One way: half of the round trip and the packet's own 20 ms.
  expect(ratingOf({ ...clean, roundTripMs: 260 })).toBeCloseTo(93.2 - 0.024 * 150, 3);
  expect(ratingOf({ ...clean, roundTripMs: 760 })).toBeCloseTo(93.2 - 0.024 * 400 - 0.11 * (400 - 177.3), 3);
});

it('hears a codec that compresses more as worse', () => {
  expect(ratingOf({ ...clean, codec: 'g729' })).toBeCloseTo(81.72, 2);
});

it('never gets better by more loss, jitter or delay, and stays in its range', () => {
  const figures = fc.record({
    codec: fc.constantFrom('ulaw', 'g729', 'unknown'),
    lossRatio: fc.double({ min: 0, max: 1, noNaN: true }),
    jitterMs: fc.double({ min: 0, max: 500, noNaN: true }),
    roundTripMs: fc.double({ min: 0, max: 5_000, noNaN: true }),
  });
  fc.assert(
    fc.property(figures, figures, (one, other) => {
      const worse = {
        codec: one.codec,
        lossRatio: Math.max(one.lossRatio, other.lossRatio),
        jitterMs: Math.max(one.jitterMs, other.jitterMs),
        roundTripMs: Math.max(one.roundTripMs, other.roundTripMs),
      };
      const [better, score] = [ratingOf(one), meanOpinionScore(ratingOf(worse))];
      expect(ratingOf(worse)).toBeLessThanOrEqual(better + 1e-9);
      expect(score).toBeGreaterThanOrEqual(1);
      expect(score).toBeLessThanOrEqual(4.5);
    }),
  );
});
