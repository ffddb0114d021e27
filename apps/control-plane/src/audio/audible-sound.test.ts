import { expect, it } from 'vitest';
import { AUDIBLE_SAMPLE, openStretchFinder, silenceBefore, soundUntil, stretchesOf } from './audible-sound.ts';

const HZ = 8_000;
const silence = (ms: number) => new Int16Array(ms * 8);
const tone = (ms: number) => new Int16Array(ms * 8).fill(-4_000);
const joined = (...parts: Int16Array[]) => Int16Array.from(parts.flatMap((part) => [...part]));

it('finds where sound begins and ends, to the sample', () => {
  const pcm = joined(silence(100), tone(50), silence(500), tone(25), silence(10));
  expect(stretchesOf(pcm, { hz: HZ, joinMs: 400 })).toEqual([
    { startMs: 100, endMs: 150 },
    { startMs: 650, endMs: 675 },
  ]);
});

it('takes words with short pauses between them for one stretch', () => {
  const pcm = joined(tone(50), silence(399), tone(50));
  expect(stretchesOf(pcm, { hz: HZ, joinMs: 400 })).toEqual([{ startMs: 0, endMs: 499 }]);
});

it('finds the same in pieces of any length', () => {
  const pcm = joined(silence(33), tone(70), silence(90), tone(5));
  const finder = openStretchFinder({ hz: HZ, joinMs: 60 });
  for (let from = 0; from < pcm.length; from += 37) finder.push(pcm.subarray(from, from + 37));
  expect(finder.stretches).toEqual(stretchesOf(pcm, { hz: HZ, joinMs: 60 }));
});

it('does not hear what is softer than 40 dB below full scale', () => {
  const soft = new Int16Array(80).fill(AUDIBLE_SAMPLE - 1);
  expect([silenceBefore(soft), soundUntil(soft)]).toEqual([null, null]);
  const loud = joined(soft, tone(1), soft);
  expect([silenceBefore(loud), soundUntil(loud)]).toEqual([80, 88]);
});
