/** What is seen where nothing is broken: a row of the suite that would be content with it proves nothing. Pure. */
import type { Fault } from './fault.ts';

/** What ordinary calls and requests write and move. */
export type Calm = {
  /** Lines of the logs, notes, turns and entries of the audit log. */
  readonly lines: readonly string[];
  /** Every sample there is, with how far it moved; 0: it stood still. */
  readonly samples: ReadonlyMap<string, number>;
};

type Seen = Pick<Fault, 'metric' | 'cause'>;

/** A sample that must move, and how far at least; by default anything counts. */
export function metricOf(metric: Fault['metric']): { readonly series: RegExp; readonly atLeast: number } {
  return metric instanceof RegExp ? { series: metric, atLeast: Number.MIN_VALUE } : metric;
}

/** What makes a row unable to fail, in words; empty when its cause and its metric need a fault. */
export function seenWithoutFault({ metric, cause }: Seen, calm: Calm): readonly string[] {
  const line = calm.lines.find((text) => cause.test(text));
  const { series, atLeast } = metricOf(metric);
  const matching = [...calm.samples].filter(([sample]) => series.test(sample));
  const isMoved = matching.length > 0 && matching.every(([, by]) => by >= atLeast);
  return [
    ...(line === undefined ? [] : [`its cause is seen without any fault: ${line.slice(0, 200)}`]),
    ...(isMoved ? [`its metric is seen without any fault: ${series.source}`] : []),
  ];
}

/** Whether a sample that matches moved far enough; one that does so without any fault says nothing. */
export function movedByFault(metric: Fault['metric'], samples: ReadonlyMap<string, number>, calm: Calm): boolean {
  const { series, atLeast } = metricOf(metric);
  return [...samples].some(([sample, by]) => by >= atLeast && series.test(sample) && (calm.samples.get(sample) ?? 0) < atLeast);
}

/**
 * With each bucket the observations above it: every observation moves some buckets, but only a slow one moves
 * `…_over{le="0.5"}`, which no label set of `/metrics` shows by itself.
 */
export function withSlowObservations(values: ReadonlyMap<string, number>): Map<string, number> {
  const all = new Map(values);
  for (const [sample, value] of values) {
    const [, name, le, rest = ''] = /^(\w+)_bucket\{le="([\d.]+)",?(.*)\}$/.exec(sample) ?? [];
    if (name === undefined || le === undefined) continue;
    const count = values.get(rest === '' ? `${name}_count` : `${name}_count{${rest}}`);
    if (count !== undefined) all.set(`${name}_over{le="${le}"${rest === '' ? '' : `,${rest}`}}`, count - value);
  }
  return all;
}
