import { expect, it } from 'vitest';
import { stretchesOf } from './recording.ts';

/** So many milliseconds of a level, 8 kHz. */
const ms = (length: number, level: number): number[] => Array.from({ length: length * 8 }, () => level);

it('finds the sound of a side to the sample, joins words and keeps sentences apart', () => {
  const pcm = Int16Array.from([
    ...ms(100, 0),
    ...ms(300, 5_000),
    ...ms(200, 20),
    ...ms(250, -5_000),
    ...ms(600, 0),
    ...ms(50, 400),
    ...ms(10, 100),
  ]);
  expect(stretchesOf(pcm, { joinMs: 400 })).toEqual([
    { startMs: 100, endMs: 850 },
    { startMs: 1_450, endMs: 1_500 },
  ]);
  expect(stretchesOf(pcm, { joinMs: 100 })).toHaveLength(3);
});

it('finds nothing in silence', () => {
  expect(stretchesOf(new Int16Array(8_000), { joinMs: 400 })).toEqual([]);
});
