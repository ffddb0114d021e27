import { expect, test } from 'vitest';
import { backOffMs } from './back-off.ts';

test('the wait doubles from 100 ms and stays at 5 s', () => {
  const longest = [0, 1, 2, 3, 4, 5, 6, 50].map((attempt) => backOffMs(attempt, () => 1));
  expect(longest).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
});

test('chance shortens the wait by half at most', () => {
  expect(backOffMs(3, () => 0)).toBe(400);
});
