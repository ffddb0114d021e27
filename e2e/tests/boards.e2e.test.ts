/** The boards on a real Prometheus that watches a rig with real calls: every panel has data; every target answers; the rules are what promtool says. */
import { runCommand, tryCommand } from '@centralita/provision/command.ts';
import { DATABASE } from '@centralita/provision/instance.ts';
import { psqlCommand } from '@centralita/provision/postgres-process.ts';
import { rootProgram } from '@centralita/provision/root-program.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkBoards } from '#e2e/board-check.ts';
import { liveALittle } from '#e2e/board-load.ts';
import { testBasePort } from '#e2e/rig-ports.ts';
import { openRig } from '#e2e/rig.ts';
import type { Rig } from '#e2e/rig.ts';
import { openRigMonitoring } from '#e2e/rig-monitoring.ts';
import type { RigMonitoring } from '#e2e/rig-monitoring.ts';

let rig: Rig;
let monitoring: RigMonitoring;

beforeAll(async () => {
  rig = await openRig({ name: 'boards', basePort: testBasePort() });
  monitoring = await openRigMonitoring(rig);
  await liveALittle(rig);
});
afterAll(async () => {
  await monitoring?.[Symbol.asyncDispose]();
  await rig?.[Symbol.asyncDispose]();
});

describe('Prometheus', () => {
  test('reaches everything that it watches', async () => {
    expect(await monitoring.targets()).toEqual({
      'control-plane': 'up',
      inference: 'up',
      asterisk: 'up',
      postgres: 'up',
      node: 'up',
      prometheus: 'up',
    });
    expect(await monitoring.query('pg_up')).toMatchObject([{ value: [expect.any(Number), '1'] }]);
  });

  test('keeps no series that names a call, a channel or a caller', async () => {
    const perChannel = await monitoring.query(
      '{__name__=~"asterisk_(channels_(state|duration_seconds)|bridges_channels_count|endpoints_state)"}',
    );
    expect(perChannel).toEqual([]);
    const labels = new Set((await monitoring.query('{job=~"control-plane|asterisk"}')).flatMap(({ metric }) => Object.values(metric)));
    expect([...labels].filter((label) => /^\+?\d{4,}$|^[a-z]+_[0-9a-z]{20,}$|PJSIP\//.test(label))).toEqual([]);
  });

  test('reads no row of ours as its role in the database', async () => {
    const tables = "relkind in ('r', 'p', 'v') and relnamespace = 'public'::regnamespace";
    const sql = `select count(*) from pg_class where ${tables} and has_table_privilege('centralita_monitor', oid, 'select');`;
    expect((await runCommand(psqlCommand(rig.instance, DATABASE), { input: sql, timeoutMs: 10_000 })).trim()).toBe('0');
  });
});

test('every panel of every board has data, but for those that need a GPU', async () => {
  const check = await checkBoards(monitoring);
  expect(check.panels).toBeGreaterThan(80);
  expect(check.withoutData).toEqual([]);
  expect(check.needsGpu).toEqual([
    'Centralita: Inference and GPU / GPU: use',
    'Centralita: Inference and GPU / GPU: memory',
    'Centralita: Inference and GPU / Triton: waiting requests',
    'Centralita: Inference and GPU / Triton: time in the queue',
    'Centralita: Inference and GPU / Triton: time in the model',
  ]);
});

describe('promtool', () => {
  const folder = new URL('../../prometheus/', import.meta.url).pathname;
  const promtool = (...words: string[]) =>
    runCommand([...rootProgram(rig.instance.root, 'usr/bin/promtool'), ...words], { timeoutMs: 120_000 });

  test('finds no fault in the rules, and what they say in each of their cases is what was expected', async () => {
    expect(await promtool('check', 'rules', `${folder}rules/alerts.yml`, `${folder}rules/recording.yml`)).toContain('SUCCESS');
    const files = ['alerts.yml', 'alerts-over-hours.yml', 'recording.yml'].map((name) => `${folder}tests/${name}`);
    expect(await promtool('test', 'rules', ...files)).toContain('SUCCESS');
  });

  test('finds no fault in the series of the control plane', async () => {
    const text = await (await fetch(`http://127.0.0.1:${rig.ports.http}/metrics`)).text();
    expect(text).toContain('centralita_build_info');
    const argv = [...rootProgram(rig.instance.root, 'usr/bin/promtool'), 'check', 'metrics'];
    const { stdout, stderr } = await tryCommand(argv, { input: text, timeoutMs: 30_000 });
    // Of the library's own series for Node three are gauges with the name of a counter.
    expect(`${stdout}${stderr}`.split('\n').filter((line) => line !== '' && !/^nodejs_active_\w+_total non-counter/.test(line))).toEqual(
      [],
    );
  });
});
