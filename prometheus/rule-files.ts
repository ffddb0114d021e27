// The rules as data, for whoever checks them: names, expressions, annotations, and the cases that promtool runs.
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';

/** An alert of rules/alerts.yml. */
export type Alert = {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook: string };
};

/** A recording rule of rules/recording.yml. */
export type Recording = { readonly record: string; readonly expr: string };

/** One case of a file in tests/. */
export type RuleCase = {
  readonly name: string;
  readonly alert_rule_test?: readonly { readonly alertname: string; readonly exp_alerts: readonly object[] }[];
  readonly promql_expr_test?: readonly { readonly expr: string }[];
};

/** Files of cases: those that look at hours are evaluated seldom. */
export const CASE_FILES = ['alerts.yml', 'alerts-over-hours.yml', 'recording.yml'] as const;

export async function readAlerts(): Promise<readonly Alert[]> {
  return await readRules<Alert>('alerts.yml');
}

export async function readRecordings(): Promise<readonly Recording[]> {
  return await readRules<Recording>('recording.yml');
}

/** Every case of every file. */
export async function readCases(): Promise<readonly RuleCase[]> {
  const files = await Promise.all(CASE_FILES.map(async (name) => (await readYaml<{ tests: RuleCase[] }>(`tests/${name}`)).tests));
  return files.flat();
}

async function readRules<Rule>(name: string): Promise<readonly Rule[]> {
  const { groups } = await readYaml<{ groups: { rules: Rule[] }[] }>(`rules/${name}`);
  return groups.flatMap(({ rules }) => rules);
}

async function readYaml<Content>(path: string): Promise<Content> {
  return parse(await readFile(new URL(path, import.meta.url), 'utf8')) as Content;
}
