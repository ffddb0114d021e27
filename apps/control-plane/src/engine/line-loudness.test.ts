// Sound against the noise of its own line, by its level alone.
import { expect, it } from 'vitest';
import { FRAME_MS, FRAME_SAMPLES } from '#audio/frame.ts';
import { LineLoudness } from './line-loudness.ts';

/** A frame of a square wave at a level in dBFS. */
function frameAt(dbfs: number): Int16Array {
  const peak = Math.round(32_768 * 10 ** (dbfs / 20));
  return Int16Array.from({ length: FRAME_SAMPLES }, (_, i) => (i % 2 === 0 ? peak : -peak));
}

/** A line that has heard these levels, one frame each 20 ms from 0 on. */
function lineWith(levels: readonly number[]): LineLoudness {
  const line = new LineLoudness();
  for (const [frame, dbfs] of levels.entries()) line.push(frameAt(dbfs), frame * FRAME_MS);
  return line;
}
const times = (count: number, dbfs: number) => Array.from({ length: count }, () => dbfs);

it('a word on a silent line stands out, the silence around it does not', () => {
  const line = lineWith([...times(10, -90), ...times(5, -20), ...times(5, -90)]);
  expect(line.stoodOut(14 * FRAME_MS)).toBe(true);
  expect(line.stoodOut(9 * FRAME_MS)).toBe(false);
  expect(line.stoodOut(18 * FRAME_MS)).toBe(false);
});

it('a window stands out by any of the frames that it covers', () => {
  const line = lineWith([...times(10, -90), -20, ...times(9, -90)]);
  expect([10, 11, 12, 13].map((frame) => line.stoodOut(frame * FRAME_MS))).toEqual([true, true, true, false]);
});

it('what is as loud as its line does not stand out, however loud', () => {
  expect(lineWith(times(600, -20)).stoodOut(599 * FRAME_MS)).toBe(false);
});

it('what is too quiet for an answer does not stand out of a silent line', () => {
  expect(lineWith([...times(10, -90), ...times(5, -45)]).stoodOut(14 * FRAME_MS)).toBe(false);
});

it('stands out again after a pause in noise that had lifted the floor', () => {
  const line = lineWith([...times(600, -30), ...times(5, -60), ...times(5, -25)]);
  expect(line.stoodOut(609 * FRAME_MS)).toBe(true);
});

it('knows nothing of a window that is older than what it keeps', () => {
  const line = lineWith([...times(10, -90), ...times(5, -20), ...times(40, -90)]);
  expect(line.stoodOut(14 * FRAME_MS)).toBe(false);
});
