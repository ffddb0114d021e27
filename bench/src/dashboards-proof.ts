// `npm run proof:dashboards`: every panel of every board asked of a real Prometheus that watches real calls, and every alert tried in both its cases.
import { readFile } from 'node:fs/promises';
import { checkBoards } from '@centralita/e2e/board-check.ts';
import { liveALittle } from '@centralita/e2e/board-load.ts';
import { openRig } from '@centralita/e2e/rig.ts';
import { openRigMonitoring } from '@centralita/e2e/rig-monitoring.ts';
import { tryCommand } from '@centralita/provision/command.ts';
import type { PrivateRoot } from '@centralita/provision/private-root.ts';
import { rootProgram } from '@centralita/provision/root-program.ts';
import { parse } from 'yaml';
import { BASE_PORT } from './bench-rig.ts';
import { runBench } from './harness.ts';

const FOLDER = new URL('../../prometheus/', import.meta.url);
const CASE_FILES = ['alerts.yml', 'alerts-over-hours.yml'];

await runBench({
  name: 'dashboards',
  defaults: {},
  reaches: {
    panels: '>= 80',
    panels_without_data: '<= 0',
    panels_that_need_a_gpu: '<= 5',
    alerts: '>= 35',
    alerts_without_both_cases: '<= 0',
  },
  standIns: ['no GPU here: the panels that ask only for series of Triton are counted and not asked'],
  async run({ log }) {
    await using rig = await openRig({ name: 'bench-dashboards', basePort: BASE_PORT });
    await using monitoring = await openRigMonitoring(rig);
    log('calls, a crash, a chat and requests, watched by Prometheus');
    await liveALittle(rig);
    const check = await checkBoards(monitoring);
    for (const where of check.withoutData) log(`no data: ${where}`);
    for (const where of check.needsGpu) log(`not asked, it needs a GPU: ${where}`);
    const { alerts, withoutBothCases } = await checkAlerts(rig.instance.root);
    for (const name of withoutBothCases) log(`not tried in both cases: ${name}`);
    return {
      n: check.panels,
      figures: {
        panels: check.panels,
        panels_without_data: new Set(check.withoutData.map((where) => where.split(': ').slice(0, 2).join(': '))).size,
        panels_that_need_a_gpu: check.needsGpu.length,
        alerts: alerts.length,
        alerts_without_both_cases: withoutBothCases.length,
      },
    };
  },
});

type RuleFile = { readonly groups: readonly { readonly rules: readonly { readonly alert: string }[] }[] };
type CaseFile = {
  readonly tests: readonly {
    readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly object[] }[];
  }[];
};

/** A file of cases that promtool does not pass counts for none of its alerts. */
async function checkAlerts(root: PrivateRoot): Promise<{ alerts: readonly string[]; withoutBothCases: readonly string[] }> {
  const { groups } = await readYaml<RuleFile>('rules/alerts.yml');
  const alerts = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
  const tried = new Set<string>();
  for (const name of CASE_FILES) {
    const path = new URL(`tests/${name}`, FOLDER).pathname;
    const { exitCode } = await tryCommand([...rootProgram(root, 'usr/bin/promtool'), 'test', 'rules', path], { timeoutMs: 300_000 });
    if (exitCode !== 0) continue;
    const { tests } = await readYaml<CaseFile>(`tests/${name}`);
    for (const { alertname, exp_alerts: expected } of tests.flatMap(({ alert_rule_test: cases }) => cases))
      tried.add(`${alertname} ${expected.length > 0 ? 'fires' : 'is silent'}`);
  }
  return { alerts, withoutBothCases: alerts.filter((alert) => !tried.has(`${alert} fires`) || !tried.has(`${alert} is silent`)) };
}

async function readYaml<Content>(path: string): Promise<Content> {
  return parse(await readFile(new URL(path, FOLDER), 'utf8')) as Content;
}
