// How rows of two moments are compared: every row counts on both sides, and only measurements may come to them.
import { describe, expect, it } from 'vitest';
import { listDiffering, withoutMeasurements } from './upgrade-rows.ts';
import type { Rows } from './upgrade-rows.ts';

const rows = (tables: Readonly<Record<string, readonly string[]>>): Rows =>
  new Map(
    Object.entries(tables).map(([table, hashes]) => [
      table,
      new Map(hashes.map((hash) => [hash, hashes.filter((other) => other === hash).length])),
    ]),
  );

describe('two moments of a database', () => {
  it('differ by what is gone, what is new, and twice by what was changed', () => {
    const before = rows({ calls: ['a', 'a', 'b'], agents: ['c'] });
    expect(listDiffering(before, before).size).toBe(0);
    const after = rows({ calls: ['a', 'b2'], turns: ['d'], agents: ['c'] });
    expect([...listDiffering(before, after)]).toEqual([
      ['calls', { lost: 2, added: 1 }],
      ['turns', { lost: 0, added: 1 }],
    ]);
  });

  it('may differ by new measurements of a control plane that has run, and by nothing else', () => {
    const before = rows({ calls: ['a'], 'public.process_metadata': ['m1'] });
    const measured = rows({ calls: ['a'], 'public.process_metadata': ['m1', 'm2'] });
    expect(withoutMeasurements(listDiffering(before, measured)).size).toBe(0);
    const otherwise = rows({ calls: ['a', 'b'], 'public.process_metadata': ['m2'] });
    expect([...withoutMeasurements(listDiffering(before, otherwise))]).toEqual([
      ['calls', { lost: 0, added: 1 }],
      ['public.process_metadata', { lost: 1, added: 0 }],
    ]);
  });
});
