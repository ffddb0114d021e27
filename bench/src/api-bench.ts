/** One call read over the HTTP API with a token, under row-level security on real PostgreSQL, from 64 connections; beside its floor in the same run. */
import { setTimeout as sleep } from 'node:timers/promises';
import { databaseUrl } from '@centralita/provision/instance.ts';
import { mintOrgScope } from '@centralita/control-plane/shared/org-scope.ts';
import { addressOptions } from '@centralita/control-plane/db/server-address.ts';
import postgres from 'postgres';
import { seedCalls, TURNS_PER_CALL } from './api-bench-data.ts';
import type { SeededOrganization } from './api-bench-data.ts';
import { openFloor } from './api-floor.ts';
import { apiStandIns, openApiRig } from './api-rig.ts';
import type { ApiRig } from './api-rig.ts';
import { runBench } from './harness.ts';
import type { HttpLoadOptions } from './http-load.ts';
import { loadHttpFromProcess } from './http-load-process.ts';
import { percentile } from './percentile.ts';
import { usageOf } from './process-usage.ts';

/** The first seconds are the compiler's. */
const WARM_UP_MS = 6_000;
/** The highest that a plan may say; far above what one process answers. */
const REQUESTS_PER_MINUTE = 1_000_000;
const PLAN = 'bench';

/** What each connection asks for: its organization's own calls with a real token. */
async function questionsOf(api: ApiRig, organizations: readonly SeededOrganization[]): Promise<HttpLoadOptions['questions']> {
  const questions = [];
  for (const { organizationId, callIds } of organizations) {
    const path = `/admin/organizations/${organizationId}/tokens`;
    const { token } = await api.asAdmin(path, { method: 'POST', body: { name: 'bench', preset: 'reporting' } });
    for (const callId of callIds) questions.push({ path: `/calls/${callId}`, authorization: `Bearer ${String(token)}`, expects: callId });
  }
  return questions;
}

async function openSubjects(api: ApiRig, options: { organizations: number; callsEach: number; random: () => number }) {
  const limits = { concurrentCalls: 10, agents: 10, dailyDials: 0, storageBytes: 0, recordingRetentionDays: 30, textRetentionDays: 3_650 };
  const plan = { planId: PLAN, name: 'Bench', requestsPerMinute: REQUESTS_PER_MINUTE, ...limits };
  await api.asAdmin('/admin/plans', { method: 'POST', body: plan });
  const organizations = await seedCalls(api.database, { ...options, planId: PLAN });
  const migratorUrl = databaseUrl(api.rig.instance, 'migrator');
  const migrator = postgres(migratorUrl, { ...addressOptions(migratorUrl), max: 1, onnotice: () => {} });
  // What autovacuum does a minute later, so that every round meets the same plans.
  await migrator.unsafe('analyze');
  await migrator.end();
  return { organizations, questions: await questionsOf(api, organizations) };
}

const median = (sample: readonly number[]): number => percentile(sample, 50);

await runBench({
  name: 'api',
  defaults: { connections: 64, seconds: 10, rounds: 5, organizations: 4, calls: 1_000 },
  reaches: { rate_of_floor: '>= 0.5', p99_ms: '<= 25' },
  standIns: [
    ...apiStandIns,
    'whoever asks is a process of its own on bare sockets: on two cores its CPU is taken from the server',
    'floor: the same statements through postgres.js in the process of the bench, pipelined on as many connections as the product has, with as many transactions in flight, one for each question; the product lets questions of one organization that arrive together share one',
  ],
  async run({ options, random, log, signal }) {
    await using api = await openApiRig({ name: 'api' });
    const { connections, rounds } = options;
    const { organizations, questions } = await openSubjects(api, {
      organizations: options.organizations,
      callsEach: options.calls,
      random,
    });
    log(`${questions.length} calls of ${TURNS_PER_CALL} turns in ${organizations.length} organizations`);
    const floorQuestions = organizations.flatMap(({ organizationId, callIds }) =>
      callIds.map((callId) => ({ scope: mintOrgScope(organizationId), callId })),
    );
    await using floor = openFloor(databaseUrl(api.rig.instance, 'app'), floorQuestions);
    const { hostname: host, port } = new URL(api.url);
    const ask = (durationMs: number) => loadHttpFromProcess({ host, port: Number(port), connections, durationMs, questions }, signal);
    const readFloor = (durationMs: number) => floor.measure({ inFlight: connections, durationMs, random });

    await ask(WARM_UP_MS);
    await readFloor(WARM_UP_MS);
    const measured = { floors: [] as number[], rates: [] as number[], ratios: [] as number[], p99sMs: [] as number[] };
    let answered = 0;
    for (let round = 1; round <= rounds; round++) {
      // One after the other in each round, so that what else the machine does meets both.
      const cpu = process.cpuUsage();
      const floorRate = await readFloor(options.seconds * 1_000);
      const floorCpu = process.cpuUsage(cpu);
      await sleep(500, undefined, { signal });
      const before = await usageOf(api.rig.controlPlane.pid);
      const result = await ask(options.seconds * 1_000);
      const after = await usageOf(api.rig.controlPlane.pid);
      if (result.wrong > 0) throw new Error(`${result.wrong} of ${result.answered} answers were wrong; the first: ${result.firstWrong}`);
      const rate = result.answered / (result.durationMs / 1_000);
      const p99Ms = percentile(result.latenciesMs, 99);
      answered += result.answered;
      measured.floors.push(floorRate);
      measured.rates.push(rate);
      measured.ratios.push(rate / floorRate);
      measured.p99sMs.push(p99Ms);
      const floorUs = (floorCpu.user + floorCpu.system) / (floorRate * options.seconds);
      const serverUs = ((after.cpuSeconds - before.cpuSeconds) * 1e6) / result.answered;
      log(
        `round ${round}: floor ${floorRate.toFixed(0)}/s (${floorUs.toFixed(0)} us of CPU each), API ${rate.toFixed(0)}/s ` +
          `(server ${serverUs.toFixed(0)} us, asker ${((result.cpuMs * 1e3) / result.answered).toFixed(0)} us), ` +
          `p50 ${percentile(result.latenciesMs, 50).toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`,
      );
    }
    log(`medians: floor_per_s ${median(measured.floors).toFixed(0)}, requests_per_s ${median(measured.rates).toFixed(0)}`);
    return { n: answered, figures: { rate_of_floor: median(measured.ratios), p99_ms: median(measured.p99sMs) } };
  },
});
