import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { createMetrics } from './metrics.ts';

const document = new URL('../../../../docs/metrics.md', import.meta.url);

it('every series of the server is a row of the document for whoever writes a query', async () => {
  const { registry } = createMetrics();
  const text = await readFile(document, 'utf8');
  const labelsOf = (name: string) => (registry.getSingleMetric(name) as unknown as { labelNames: string[] }).labelNames;
  const rows = (await registry.getMetricsAsJSON()).map(
    ({ name, type, help }) =>
      `| \`${name}\` | ${String(type)} | ${labelsOf(name)
        .map((label) => `\`${label}\``)
        .join(', ')} | ${help} |`,
  );
  expect(rows.length).toBe(8);
  expect(rows.filter((row) => !text.includes(row))).toEqual([]);
});
