import { describe, expect, it } from 'vitest';
import { renderResults } from './results-page.ts';

const report = (value: number) => ({
  name: 'turn',
  at: '2026-11-21T10:00:00.000Z',
  seed: 7,
  n: 10,
  host: { cores: 2, load: 0.5 },
  figures: { turn_p50_ms: { value, reach: '<= 5', ok: value <= 5 } },
});

describe('the page of figures', () => {
  it('says what became better or worse, and keeps the rows of what did not run', () => {
    const first = renderResults(
      [
        { name: 'turn', report: report(4) },
        { name: 'gap', failure: 'exit status 1' },
      ],
      '',
    );
    const second = renderResults([{ name: 'turn', report: report(6) }], first);
    expect(first).toContain('| turn | turn_p50_ms | 4 | <= 5 | yes | first | 10 |');
    expect(second).toContain('| turn | turn_p50_ms | 6 | <= 5 | **no** | worse (+50 %) | 10 |');
    expect(second.split('\n').filter((line) => line.startsWith('| gap'))).toEqual([
      '| gap | did not run: exit status 1 | | | no | | | | |',
    ]);
  });

  it('puts rows of an earlier form of the page under today’s head', () => {
    const earlier =
      '# Figures\n\n| bench | figure | value |\n| --- | --- | --- |\n| api | p99_ms | 30 | <= 25 | **no** | first | 9 | t | 1 / 2 |\n';
    const page = renderResults([], earlier);
    expect(page.match(/p99_ms/g)).toHaveLength(1);
    expect(page).not.toContain('| bench | figure | value |');
  });
});
