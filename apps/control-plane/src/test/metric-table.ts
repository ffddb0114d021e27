// The series of a process as a table for people: name, kind, labels, help. From what the registry says, so that the document cannot drift.
import type { Registry } from 'prom-client';

/** One series. */
export type MetricDescription = { readonly name: string; readonly type: string; readonly labels: readonly string[]; readonly help: string };

/** What is registered, in order of names. */
export async function describeMetrics(registry: Registry): Promise<MetricDescription[]> {
  const all = await registry.getMetricsAsJSON();
  return all
    .map(({ name, type, help }) => ({ name, type: String(type), labels: labelsOf(registry, name), help }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The library keeps the declared labels in a field that its types do not name. */
function labelsOf(registry: Registry, name: string): readonly string[] {
  const { labelNames } = registry.getSingleMetric(name) as unknown as { labelNames?: readonly string[] };
  return labelNames ?? [];
}

/** The rows of a Markdown table. */
export function renderMetricTable(metrics: readonly MetricDescription[]): string {
  const rows = metrics.map(
    ({ name, type, labels, help }) => `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`,
  );
  return ['| series | kind | labels | what it says |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

/** Where the document is kept. */
export const metricDocument = new URL('../../../../docs/metrics.md', import.meta.url);
