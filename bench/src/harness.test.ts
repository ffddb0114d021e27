import { describe, expect, it } from 'vitest';
import { parseBenchArguments } from './bench-arguments.ts';
import { exitStatusOf, judgeFigures, readReport } from './bench-report.ts';
import { measure } from './harness.ts';
import type { Bench } from './harness.ts';
import { percentile } from './percentile.ts';
import { isReached, parseReach } from './reach.ts';

const silent = (): void => {};

describe('a reach', () => {
  it.each([
    ['<= 4', 4, true],
    ['<= 4', 4.01, false],
    ['>= 90', 89.9, false],
    ['< 3', 3, false],
    ['> 3', 3.1, true],
    ['100', 100, true],
    ['= 0', 1, false],
  ])('%s judges %d as %s', (text, value, reached) => {
    expect(isReached(value, parseReach(text))).toBe(reached);
  });

  it('that is no comparison is refused', () => {
    expect(() => parseReach('about 4')).toThrow(/reach "about 4"/);
  });
});

describe('percentile', () => {
  it('gives measured values by nearest rank', () => {
    const sample = [5, 1, 4, 2, 3];
    expect([percentile(sample, 50), percentile(sample, 99), percentile(sample, 0)]).toEqual([3, 5, 1]);
  });

  it('of nothing throws', () => {
    expect(() => percentile([], 50)).toThrow(/empty sample/);
  });
});

describe('the command line', () => {
  it('reads numbers and lists, and keeps defaults', () => {
    const options = parseBenchArguments(['--calls', '1,10,50'], { calls: [5], seconds: 60 });
    expect(options).toEqual({ calls: [1, 10, 50], seconds: 60 });
  });

  it.each([[['--cals', '1']], [['--calls', 'many']], [['--seconds', '-1']], [['stray']]])('refuses %j', (argv) => {
    expect(() => parseBenchArguments(argv, { calls: [5], seconds: 60 })).toThrow(/--calls|--seconds/);
  });
});

describe('figures', () => {
  it('that were promised and not measured stop the bench', () => {
    expect(() => judgeFigures({ a_ms: '<= 1' }, {})).toThrow(/a_ms was not measured/);
    expect(() => judgeFigures({ a_ms: '<= 1' }, { a_ms: Number.NaN })).toThrow(/a_ms was not measured/);
    expect(() => judgeFigures({}, { b_ms: 1 })).toThrow(/without a reach: b_ms/);
  });

  it('are judged before they are rounded', () => {
    expect(judgeFigures({ a_ms: '<= 4' }, { a_ms: 4.000001 })).toEqual({ a_ms: { value: 4, reach: '<= 4', ok: false } });
  });
});

describe('a bench', () => {
  const bench: Bench<{ calls: readonly number[] }> = {
    name: 'example',
    defaults: { calls: [1, 2] },
    reaches: { calls_held: '3' },
    standIns: ['nothing real'],
    run: async ({ options }) => ({
      n: options.calls.length,
      figures: { calls_held: options.calls.reduce((sum, calls) => sum + calls, 0) },
    }),
  };

  it('reports what it reached', async () => {
    const lines: string[] = [];
    const report = await measure(bench, [], (line) => lines.push(line));
    expect(report).toMatchObject({ name: 'example', seed: 7, n: 2, figures: { calls_held: { value: 3, reach: '3', ok: true } } });
    expect(exitStatusOf(report)).toBe(0);
    expect(lines.join('\n')).toContain('stand-in: nothing real');
    expect(readReport(`progress\n${JSON.stringify(report)}\n`)).toEqual(report);
  });

  it('that falls short says so in its exit status', async () => {
    expect(exitStatusOf(await measure(bench, ['--calls', '1'], silent))).toBe(3);
  });

  it('gives the same random numbers for the same seed', async () => {
    const draws: number[] = [];
    const drawing: Bench<{ calls: number }> = {
      ...bench,
      defaults: { calls: 1 },
      reaches: {},
      run: async ({ random }) => {
        draws.push(random());
        return { n: 1, figures: {} };
      },
    };
    for (const seed of ['7', '7', '8']) await measure(drawing, ['--seed', seed], silent);
    expect(draws[0]).toBe(draws[1]);
    expect(draws[0]).not.toBe(draws[2]);
  });
});
