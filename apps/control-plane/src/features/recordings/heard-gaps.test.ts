import { expect, it } from 'vitest';
import { heardGaps } from './heard-gaps.ts';
import type { TimedTurn } from './heard-gaps.ts';

const turn = (seq: number, role: 'caller' | 'agent', [startedAtMs, endedAtMs]: readonly [number, number]): TimedTurn => ({
  seq,
  role,
  input: role === 'caller' ? 'speech' : null,
  startedAtMs,
  endedAtMs,
});
/** The journal's clock began 100 s before the recording's. */
const turns = [
  turn(0, 'agent', [100_000, 101_000]),
  turn(1, 'caller', [102_000, 103_000]),
  turn(2, 'agent', [103_600, 105_000]),
  turn(3, 'caller', [106_000, 107_000]),
  turn(4, 'agent', [107_600, 109_000]),
];
const sound = {
  agent: [
    { startMs: 15, endMs: 400 },
    { startMs: 450, endMs: 1_000 },
    { startMs: 3_630, endMs: 5_000 },
    { startMs: 7_625, endMs: 9_000 },
  ],
  caller: [
    { startMs: 2_010, endMs: 2_400 },
    { startMs: 2_500, endMs: 3_020 },
    { startMs: 6_000, endMs: 7_010 },
  ],
};

it("measures from the caller's last sound to the answer's first, on the recording's own clock", () => {
  expect(heardGaps(turns, sound)).toEqual([
    { seq: 2, heardGapMs: 610 },
    { seq: 4, heardGapMs: 615 },
  ]);
});

it('finds the clock where the greeting was never heard', () => {
  const found = heardGaps(turns, { ...sound, agent: sound.agent.slice(2) });
  expect(found).toEqual([
    { seq: 2, heardGapMs: 610 },
    { seq: 4, heardGapMs: 615 },
  ]);
});

it('measures nothing where the caller still talks, pressed a key, or is not to be heard on the recording', () => {
  const talksOn = { ...sound, caller: [...sound.caller.slice(0, 2), { startMs: 6_000, endMs: 7_700 }] };
  expect(heardGaps(turns, talksOn).map(({ seq }) => seq)).toEqual([2]);
  const keyed = turns.map((each) => (each.seq === 1 ? { ...each, input: 'dtmf' as const } : each));
  expect(heardGaps(keyed, sound).map(({ seq }) => seq)).toEqual([4]);
  expect(heardGaps(turns, { ...sound, caller: sound.caller.slice(0, 2) }).map(({ seq }) => seq)).toEqual([2]);
});

it('measures nothing on a silent recording', () => {
  expect(heardGaps(turns, { caller: [], agent: [] })).toEqual([]);
});
