/** `bench/RESULTS.md`: every figure of the last run beside its reach and the run before. */
import type { BenchReport } from './bench-report.ts';
import { isLowerBetter, parseReach } from './reach.ts';

/** What one bench gave: its report, or why there is none. */
export type BenchOutcome = { readonly name: string; readonly report: BenchReport } | { readonly name: string; readonly failure: string };

/** Changes below this are noise on a shared machine. */
const NOISE_PERCENT = 5;

/** Values of an earlier page by `bench figure`, for the trend. */
export function readEarlierValues(page: string): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const line of page.split('\n')) {
    const [, bench = '', figure = '', value = ''] = line.split('|').map((cell) => cell.trim());
    if (figure !== '' && value !== '' && Number.isFinite(Number(value))) values.set(`${bench} ${figure}`, Number(value));
  }
  return values;
}

/** The page in Markdown. */
export function renderResults(outcomes: readonly BenchOutcome[], earlier: ReadonlyMap<string, number>): string {
  const lines = [
    '# Figures',
    '',
    'Written by `npm run bench`; each row comes from `npm run bench:<name>` or `npm run proof:<name>`. The trend is against the page before this one.',
    '',
    '| bench or proof | figure | value | reach | reached | trend | n | at | load / cores |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...outcomes.flatMap((outcome) => rowsOf(outcome, earlier)),
  ];
  return `${lines.join('\n')}\n`;
}

function rowsOf(outcome: BenchOutcome, earlier: ReadonlyMap<string, number>): string[] {
  if ('failure' in outcome) return [`| ${outcome.name} | did not run: ${outcome.failure} | | | no | | | | |`];
  const { name, report } = outcome;
  return Object.entries(report.figures).map(([key, { value, reach, ok }]) => {
    const trend = trendOf(value, { before: earlier.get(`${name} ${key}`), reach });
    const host = `${report.host.load} / ${report.host.cores}`;
    return `| ${name} | ${key} | ${value} | ${reach} | ${ok ? 'yes' : '**no**'} | ${trend} | ${report.n} | ${report.at} | ${host} |`;
  });
}

function trendOf(value: number, { before, reach }: { before: number | undefined; reach: string }): string {
  if (before === undefined) return 'first';
  if (before === value) return 'same';
  if (before === 0) return `from 0`;
  const percent = ((value - before) / Math.abs(before)) * 100;
  if (Math.abs(percent) < NOISE_PERCENT) return 'same';
  const isBetter = percent < 0 === isLowerBetter(parseReach(reach));
  return `${isBetter ? 'better' : 'worse'} (${percent > 0 ? '+' : ''}${percent.toFixed(0)} %)`;
}
