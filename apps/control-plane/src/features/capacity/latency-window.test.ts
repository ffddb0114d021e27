import { expect, it } from 'vitest';
import { openLatencyWindow } from './latency-window.ts';

it('tells mean and p95 of what was observed lately, and forgets what is older', () => {
  const window = openLatencyWindow();
  expect(window.read({ overMs: 1_000, atMs: 0 })).toBeNull();
  window.observe(10_000, 0);
  for (let index = 1; index <= 100; index++) window.observe(index, 1_000 + index);
  expect(window.read({ overMs: 500, atMs: 1_100 })).toEqual({ count: 100, meanMs: 50.5, p95Ms: 95 });
  expect(window.read({ overMs: 1_100, atMs: 1_100 })?.count).toBe(101);
  expect(window.read({ overMs: 500, atMs: 5_000 })).toBeNull();
});

it('keeps a bounded number of them', () => {
  const window = openLatencyWindow();
  for (let index = 0; index < 10_000; index++) window.observe(index, index);
  expect(window.read({ overMs: 1_000_000, atMs: 10_000 })?.count).toBe(4_096);
});
