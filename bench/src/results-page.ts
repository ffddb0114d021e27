/** `bench/RESULTS.md`: every figure of the last run beside its reach and the run before. */
import type { BenchReport } from './bench-report.ts';
import { isLowerBetter, parseReach } from './reach.ts';

/** What one bench gave: its report, or why there is none. */
export type BenchOutcome = { readonly name: string; readonly report: BenchReport } | { readonly name: string; readonly failure: string };

/** Changes below this are noise on a shared machine. */
const NOISE_PERCENT = 5;

/** A row of figures, or what stands for them: `| bench | figure | value | ...`. */
type Row = { readonly bench: string; readonly figure: string; readonly value: string; readonly line: string };

function rowsIn(page: string): Row[] {
  const rows = page.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| ---') && !HEADS.test(line));
  return rows.map((line) => {
    const [, bench = '', figure = '', value = ''] = line.split('|').map((cell) => cell.trim());
    return { bench, figure, value, line };
  });
}

const HEAD = '| bench or proof |';
/** Of this page, and of the one before proofs were in it. */
const HEADS = /^\| bench(?: or proof)? \| figure \|/;

/** The page in Markdown, by name. Rows of the page before stay where nothing ran this time; their own dates say how old they are. */
export function renderResults(outcomes: readonly BenchOutcome[], pageBefore: string): string {
  const before = rowsIn(pageBefore);
  const earlier = new Map(before.filter(({ value }) => value !== '').map((row) => [`${row.bench} ${row.figure}`, Number(row.value)]));
  const names = new Set([...before.map(({ bench }) => bench), ...outcomes.map(({ name }) => name)]);
  const rows = [...names].toSorted().flatMap((name) => {
    const outcome = outcomes.find((each) => each.name === name);
    return outcome ? rowsOf(outcome, earlier) : before.filter(({ bench }) => bench === name).map(({ line }) => line);
  });
  const lines = [
    '# Figures',
    '',
    'Written by `npm run bench`, or by `npm run bench -- NAME` for some; each row comes from `npm run bench:<name>` or `npm run proof:<name>`. The trend is',
    'against the row before.',
    '',
    `${HEAD} figure | value | reach | reached | trend | n | at | load / cores |`,
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
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
