// Which of our series an expression asks for, and which the code exports: a rule or panel about a name that nobody sets is silent for ever.
import { readFile } from 'node:fs/promises';

/** Series of the product itself, and those that Node's client library adds to them. */
const OURS = /\b(?:centralita|nodejs|process)_[a-z0-9_]+\b/g;
const RECORDED = /\bcentralita:[a-z0-9_:]+\b/g;
/** What a histogram is asked by. */
const PARTS = /_(bucket|sum|count)$/;

/** The metrics that an expression names, histograms by their own name. */
export function metricsIn(expr: string): string[] {
  const withoutTexts = expr.replaceAll(/"[^"]*"/g, '""');
  return [...new Set(withoutTexts.match(OURS) ?? [])];
}

/** The recording rules that an expression names. */
export function recordingsIn(expr: string): string[] {
  return [...new Set(expr.match(RECORDED) ?? [])];
}

/** What the code exports: the rows of docs/metrics.md, which tests beside the code compare with its registries. */
export async function exportedMetrics(): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(new URL('../docs/metrics.md', import.meta.url), 'utf8');
  return new Map(
    [...text.matchAll(/^\| `([a-z0-9_]+)` \| (counter|gauge|histogram|summary) \|/gm)].map(([, name = '', type = '']) => [name, type]),
  );
}

/** Whether one of the exported metrics gives this series. */
export function isExported(series: string, exported: ReadonlyMap<string, string>): boolean {
  const type = exported.get(series);
  if (type !== undefined) return type !== 'histogram';
  return PARTS.test(series) && exported.get(series.replace(PARTS, '')) === 'histogram';
}
