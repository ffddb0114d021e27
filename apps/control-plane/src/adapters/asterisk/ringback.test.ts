import { expect, test } from 'vitest';
import { concatPcm, FRAME_SAMPLES, rmsDbfs } from '#audio/frame.ts';
import { ringbackPiece } from './ringback.ts';

test('the ringing tone is on for 1.5 s and off for 3 s, in whole frames and without a click between pieces', () => {
  const pcm = concatPcm(Array.from({ length: 45 }, (_, piece) => ringbackPiece(piece * 10)));
  const levelAt = (atMs: number): number => rmsDbfs(pcm.subarray(atMs * 16, atMs * 16 + FRAME_SAMPLES));
  expect(pcm.length).toBe(9_000 * 16);
  expect([0, 1_400, 4_500, 5_900].map((atMs) => Math.round(levelAt(atMs)))).toEqual([-19, -19, -19, -19]);
  expect([1_520, 4_400, 6_100].map((atMs) => levelAt(atMs))).toEqual([-120, -120, -120]);
  const steps = pcm.subarray(1, 1_400 * 16).map((sample, i) => Math.abs(sample - (pcm[i] ?? 0)));
  expect(Math.max(...steps)).toBeLessThan(900);
});
