import { expect, it } from 'vitest';
import { limitLines } from './log-limit.ts';

it('of a flood 1,000 lines in a second are written, the rest is counted and told once', () => {
  let atMs = 0;
  const written: string[] = [];
  const told: number[] = [];
  const lines = limitLines(
    { write: (line: string) => void written.push(line) },
    { onDropped: (count) => told.push(count), nowMs: () => atMs },
  );
  for (let index = 0; index < 1_500; index += 1) lines.write(`${index}`);
  expect(written).toHaveLength(1_000);
  expect(lines.dropped()).toBe(500);
  expect(told).toEqual([]);
  atMs = 1_000;
  lines.write('next');
  lines.write('and another');
  expect(told).toEqual([500]);
  expect(written.slice(1_000)).toEqual(['next', 'and another']);
});
