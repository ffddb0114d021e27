// A clock that is wrong by minutes is found out without a time service, by the one server that is asked anyway.
import { expect, it } from 'vitest';
import { bareFacts } from '#sample-facts.ts';
import { judgeFacts, withMirrorsClock } from './look.ts';
import { readClockOffset } from './mirror.ts';

const sent = 'Sun, 22 Nov 2026 06:00:00 GMT';
const at = (minutes: number): number => Date.parse(sent) + minutes * 60_000;

it("reads how far this machine is ahead of the mirror, with the age of a cache's answer", () => {
  expect(readClockOffset(new Headers({ date: sent }), at(12))).toBe(12 * 60_000);
  expect(readClockOffset(new Headers({ date: sent, age: '600' }), at(12))).toBe(2 * 60_000);
  expect(readClockOffset(new Headers({ date: sent }), at(-700))).toBe(-700 * 60_000);
  expect(readClockOffset(new Headers(), at(0))).toBeNull();
  expect(readClockOffset(new Headers({ date: 'yesterday' }), at(0))).toBeNull();
});

it('puts a clock that is minutes off in the way where no time service says how it is', () => {
  const { hardware } = bareFacts();
  const unknown = { ...hardware, clockOffsetMs: { kind: 'unknown', reason: 'no time service', fix: null } } as const;
  const obstaclesFor = (offsetMs: number | null, seen = unknown as typeof hardware) =>
    judgeFacts(withMirrorsClock(bareFacts({ hardware: seen }), offsetMs), { mirrorFault: null }).obstacles;
  expect(obstaclesFor(-612_000)).toMatchObject([
    { name: 'clock', reason: 'the clock is 612.0 s behind', fix: expect.stringContaining('chrony') as string },
  ]);
  expect(obstaclesFor(120_000)).toEqual([]);
  expect(obstaclesFor(null)).toEqual([]);
  // A time service knows better than a web server.
  expect(obstaclesFor(-612_000, { ...hardware, clockOffsetMs: { kind: 'known', value: 3 } })).toEqual([]);
});
