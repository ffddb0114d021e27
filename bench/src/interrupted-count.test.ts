// What the proof of interruptions counts as killed and as done.
import { describe, expect, it } from 'vitest';
import type { JournalEntry } from '@centralita/provision/lifecycle/journal.ts';
import { listMissed, listUnfinished } from './interrupted-count.ts';

const line = (step: string, state: JournalEntry['state'], run = '1'): JournalEntry => ({
  at: '2026-11-22T00:00:00Z',
  run,
  step,
  state,
  changes: ['change'],
});

describe('what was killed', () => {
  it('is done when a later run of the same pass says so', () => {
    const entries = [
      line('services', 'started'),
      line('services', 'started', '2'),
      line('services', 'done', '2'),
      line('demo', 'started', '2'),
    ];
    expect(listUnfinished(['services', 'demo', 'secrets'], entries)).toEqual(['demo', 'secrets']);
    expect(listUnfinished(['demo'], [...entries, line('demo', 'failed', '2')])).toEqual(['demo']);
  });

  it('in a step of the installation is not made up for by the step of the same name in the upgrade', () => {
    const wanted = [
      { pass: 'installation', moment: 'services' },
      { pass: 'upgrade', moment: 'upgrade: starting' },
    ] as const;
    expect(listMissed(wanted, [{ pass: 'upgrade', moment: 'services' }, wanted[1]])).toEqual([wanted[0]]);
    expect(listMissed(wanted, wanted)).toEqual([]);
  });
});
