import { expect, it } from 'vitest';
import { retryDelayMs } from './job-backoff.ts';

it('the waits of a failing job double from 2 s to a quarter of an hour, the last attempt coming half an hour after the first', () => {
  const waits = Array.from({ length: 9 }, (_, index) => retryDelayMs(index + 1, 0));
  expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 512_000]);
  expect(retryDelayMs(10, 0)).toBe(900_000);
  expect(retryDelayMs(1_000, 0)).toBe(900_000);
});

it('jobs that failed together come back spread over half of the wait', () => {
  expect(retryDelayMs(3, 1)).toBe(4_000);
  expect(retryDelayMs(3, 0.5)).toBe(6_000);
});
