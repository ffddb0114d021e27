// A count of losses that cannot see a loss would promise everything.
import { describe, expect, it } from 'vitest';
import { compareTurns } from './durable-count.ts';
import type { SaidTurn } from './durable-count.ts';

const said = (callId: string, seq: number): SaidTurn => ({
  callId,
  seq,
  role: seq % 2 === 0 ? 'agent' : 'caller',
  text: `${callId}: words ${seq}`,
  startedAtMs: seq * 1_000,
});
const turns = [said('a', 0), said('a', 1), said('a', 2), said('b', 0), said('b', 1)];
const [first, second, third] = turns as [SaidTurn, SaidTurn, SaidTurn];

describe('acknowledged turns', () => {
  it('that all have their row are neither lost nor misplaced', () => {
    expect(compareTurns(turns, turns)).toEqual({ lost: [], misplaced: [] });
  });

  it('are lost when one row is missing, whichever it is', () => {
    for (const dropped of turns) {
      const rows = turns.filter((turn) => turn !== dropped);
      expect(compareTurns(turns, rows)).toEqual({ lost: [dropped], misplaced: [] });
    }
  });

  it('may have rows beside them that were never acknowledged', () => {
    expect(compareTurns(turns.slice(1), turns)).toEqual({ lost: [], misplaced: [] });
  });

  it('are misplaced when a row is there twice, or its words under a second number', () => {
    expect(compareTurns(turns, [first, first, ...turns.slice(1)]).misplaced).toEqual([first]);
    const copy = { ...third, seq: 3, startedAtMs: 3_000 };
    expect(compareTurns(turns, [first, second, third, copy, ...turns.slice(3)]).misplaced).toEqual([copy]);
  });

  it('are misplaced when they stand out of order or hold the words of another turn', () => {
    expect(compareTurns(turns, [second, first, ...turns.slice(2)]).misplaced).toEqual([first]);
    const others = { ...second, text: 'a: other words' };
    expect(compareTurns(turns, [first, others, ...turns.slice(2)])).toEqual({ lost: [], misplaced: [others] });
  });
});
