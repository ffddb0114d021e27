import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { exportedMetrics, isExported, metricsIn, recordingsIn } from './metric-names.ts';
import { readAlerts, readCases, readRecordings } from './rule-files.ts';

const alerts = await readAlerts();
const recordings = await readRecordings();
const cases = await readCases();
const exported = await exportedMetrics();

/** Anchors of a document's headings, as renderers of Markdown make them. */
async function headingsOf(path: string): Promise<Set<string>> {
  const text = await readFile(new URL(`../${path}`, import.meta.url), 'utf8');
  return new Set(
    [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
}

describe('an alert', () => {
  it('has a case in which it fires and one in which it is silent', () => {
    const kinds = new Map<string, Set<string>>();
    for (const { alertname, exp_alerts: expected } of cases.flatMap(({ alert_rule_test: tests }) => tests ?? []))
      kinds.set(alertname, (kinds.get(alertname) ?? new Set()).add(expected.length > 0 ? 'fires' : 'is silent'));
    expect(alerts.length).toBeGreaterThan(35);
    expect(alerts.filter(({ alert }) => kinds.get(alert)?.size !== 2).map(({ alert }) => alert)).toEqual([]);
  });

  it('says whether somebody gets up for it, what is wrong, and where it is written what to do', async () => {
    for (const { alert, labels, annotations } of alerts) {
      expect([alert, labels.severity]).toEqual([alert, expect.stringMatching(/^(page|ticket)$/)]);
      expect(annotations.summary).toMatch(/^[A-Z].{15,}[^.]$/);
      const [path = '', anchor = ''] = annotations.runbook.split('#');
      expect(await headingsOf(path)).toContain(anchor);
    }
  });
});

it('every recording rule is tried on figures that can be worked out by hand', () => {
  const tried = cases.flatMap(({ promql_expr_test: tests }) => tests ?? []).flatMap(({ expr }) => recordingsIn(expr));
  expect(recordings.map(({ record }) => record).filter((record) => !tried.includes(record))).toEqual([]);
});

it('no rule asks for a series that the code does not export, or for a rule that is not there', () => {
  const rules = [...alerts, ...recordings];
  expect(rules.flatMap(({ expr }) => metricsIn(expr)).filter((name) => !isExported(name, exported))).toEqual([]);
  const recorded = new Set(recordings.map(({ record }) => record));
  expect(rules.flatMap(({ expr }) => recordingsIn(expr)).filter((name) => !recorded.has(name))).toEqual([]);
});

describe('the names in an expression', () => {
  it('are found among functions, labels and texts', () => {
    const expr = 'histogram_quantile(0.5, sum by (le) (rate(centralita_a_seconds_bucket{x="centralita_text"}[5m]))) / centralita:b:rate5m';
    expect(metricsIn(expr)).toEqual(['centralita_a_seconds_bucket']);
    expect(recordingsIn(expr)).toEqual(['centralita:b:rate5m']);
  });

  it('are known by what is exported: a histogram has no value of its own, a counter no buckets', () => {
    const names = new Map([
      ['centralita_a_seconds', 'histogram'],
      ['centralita_b_total', 'counter'],
    ]);
    const known = (series: string) => isExported(series, names);
    expect(['centralita_a_seconds_bucket', 'centralita_a_seconds_sum', 'centralita_b_total'].map(known)).toEqual([true, true, true]);
    expect(['centralita_a_seconds', 'centralita_b_total_bucket', 'centralita_c'].map(known)).toEqual([false, false, false]);
  });
});
