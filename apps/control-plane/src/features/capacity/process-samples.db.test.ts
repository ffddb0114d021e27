import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { createProcessSampleStore } from './process-sample-store.ts';

const scope = mintApplianceScope();
const now = new Date('2026-11-21T12:00:00Z');
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1_000);
const DAY = 86_400;

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('process samples on $kind', (kind) => {
  let test: TestDatabase;
  beforeAll(async () => (test = await kind.open()));
  afterAll(() => test[Symbol.asyncDispose]());

  it('are kept as they are for a day, as means of five minutes for a week, and not longer; of two writers one writes', async () => {
    const audit = { append: async () => undefined } as never;
    const store = createProcessSampleStore({ database: test.database, audit, server: 'one' });
    const none = {
      eventLoopLagMs: null,
      queueDepth: null,
      vramUsedBytes: null,
      vramTotalBytes: null,
      busy: null,
      slots: null,
      requests: null,
    };
    const sample = (at: Date, cpuCores: number) => ({
      ...none,
      service: 'host' as const,
      at,
      liveCalls: 2,
      cpuCores,
      memoryBytes: 1_000,
      latencyMeanMs: null,
      latencyP95Ms: null,
    });
    await store.insert(scope, [sample(ago(20), 1), sample(ago(2 * DAY), 1), sample(ago(2 * DAY - 10), 3), sample(ago(8 * DAY), 1)]);
    await store.insert(scope, [sample(ago(20), 7)]);
    for (let run = 0; run < 30; run++) await store.thin(scope, now);
    const rows = await test.asSuperuser('select interval_seconds, cpu_cores, live_calls from process_metadata order by at');
    expect(rows).toEqual([
      { interval_seconds: 300, cpu_cores: 2, live_calls: 2 },
      { interval_seconds: 10, cpu_cores: 1, live_calls: 2 },
    ]);
    expect(await store.listRecent(scope, ago(60))).toMatchObject([{ service: 'host', cpuCores: 1 }]);
  });
});
