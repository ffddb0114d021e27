/** That no request, however made up, finds a fault in the API: requests for every operation of its document, on the whole product. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RIG_ADMIN_KEY } from '@centralita/e2e/rig.ts';
import { describeApi } from '@centralita/control-plane/test/api-operations.ts';
import type { FuzzFinding } from '@centralita/control-plane/test/fuzz-judge.ts';
import { neverDone, runFuzz } from '@centralita/control-plane/test/fuzz-run.ts';
import type { FuzzOutcome } from '@centralita/control-plane/test/fuzz-run.ts';
import { buildFuzzWorld } from '@centralita/control-plane/test/fuzz-world.ts';
import { apiStandIns, openApiRig } from './api-rig.ts';
import type { ApiRig } from './api-rig.ts';
import { runBench } from './harness.ts';

/** Findings that are printed whole; of more the first ones tell enough. */
const SHOWN_FINDINGS = 25;
/** Hanging up needs a call that is up, and nobody calls here; the end-to-end tests hang up. */
const NOT_DONE_HERE = ['POST /calls/{callId}/hang-up'];

/** What the control plane logged as faults: message -> lines. */
async function loggedFaults(rig: ApiRig): Promise<ReadonlyMap<string, number>> {
  const text = await readFile(join(rig.rig.instance.dir, 'logs', 'control-plane.log'), 'utf8');
  const faults = new Map<string, number>();
  for (const line of text.split('\n')) {
    const entry = parseLine(line);
    if (entry && entry.level >= 50) faults.set(entry.msg, (faults.get(entry.msg) ?? 0) + 1);
  }
  return faults;
}

function parseLine(line: string): { level: number; msg: string } | null {
  try {
    return JSON.parse(line) as { level: number; msg: string };
  } catch {
    return null;
  }
}

function show({ findings, statuses, spentMs }: FuzzOutcome, log: (message: string) => void): void {
  for (const [key, counts] of [...statuses].toSorted(([a], [b]) => a.localeCompare(b))) {
    const histogram = [...counts].toSorted(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`);
    log(`${key}  ${histogram.join(', ')}  (${((spentMs.get(key) ?? 0) / 1_000).toFixed(1)} s)`);
  }
  for (const { kind, reason, request, answer } of findings.slice(0, SHOWN_FINDINGS)) log(`${kind}: ${reason}\n  ${request}\n  ${answer}`);
}

await runBench({
  name: 'fuzz',
  defaults: { requests: 10_000 },
  reaches: {
    requests: '>= 10000',
    server_errors: '= 0',
    not_problem_json: '= 0',
    hangs: '= 0',
    leaks: '= 0',
    operations_never_done: '= 0',
  },
  standIns: apiStandIns,
  async run({ options, random, log, signal }) {
    // Every request says that it comes from elsewhere, or the limit of failed attempts per address would answer most of them.
    await using rig = await openApiRig({ name: 'fuzz', settings: { TRUSTED_PROXIES: '127.0.0.1', LOG_LEVEL: 'warn' } });
    const world = await buildFuzzWorld({
      askAdmin: (path, request) => rig.asAdmin(path, request),
      database: rig.database,
      recordingsDir: rig.rig.recordingsDir,
      adminKey: RIG_ADMIN_KEY,
    });
    const api = describeApi((await rig.ask('/openapi.json')).body);
    log(`${api.operations.length} operations`);
    const startedAtMs = performance.now();
    const outcome = await runFuzz({ url: rig.url, api, world, random, requests: options.requests, signal });
    log(`${outcome.requests} requests in ${((performance.now() - startedAtMs) / 1_000).toFixed(1)} s`);
    show(outcome, log);
    const never = neverDone(api, outcome).filter((key) => !NOT_DONE_HERE.includes(key));
    if (never.length > 0) log(`never done: ${never.join(', ')}`);
    const faults = await loggedFaults(rig);
    for (const [message, lines] of faults) log(`logged as a fault: ${message} (${lines})`);
    if (!rig.rig.controlPlane.isRunning() || (await rig.ask('/health')).status !== 200)
      throw new Error('the control plane did not survive');
    const count = (kind: FuzzFinding['kind']) => outcome.findings.filter((finding) => finding.kind === kind).length;
    return {
      n: outcome.requests,
      figures: {
        requests: outcome.requests,
        server_errors: Math.max(count('server_error'), faults.get('request failed') ?? 0),
        not_problem_json: count('not_problem_json'),
        hangs: count('hang'),
        leaks: count('leak'),
        operations_never_done: never.length,
      },
    };
  },
});
