import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createRecordingStorage } from '#adapters/disk/recording-storage.ts';
import { testDatabases } from '#db/test-database.ts';
import { openHttpServer } from '#http/server.ts';
import { NO_SOCKET_ADDRESS } from '#http/client-address.ts';
import { describeApi } from './api-operations.ts';
import { runFuzz } from './fuzz-run.ts';
import { buildFuzzWorld } from './fuzz-world.ts';
import { seededRandom } from './seeded-random.ts';
import { openTestApi, TEST_ADMIN_KEY } from './test-api.ts';
import { askAdminOf } from './twin-organizations.ts';

/** `npm run proof:fuzz` sends 10,000 to the whole product; this many find again what was found once. */
const REQUESTS = 500;

it.each(testDatabases(process.env['TEST_DATABASE_URL']))('made-up requests find no fault on $kind', async (kind) => {
  await using test = await kind.open();
  const recordingsDir = await mkdtemp(join(tmpdir(), 'centralita-fuzz-'));
  await using opened = new AsyncDisposableStack();
  opened.defer(() => rm(recordingsDir, { recursive: true, force: true }));
  const recordings = createRecordingStorage({ folder: recordingsDir });
  const config = { trustedProxies: ['127.0.0.1', NO_SOCKET_ADDRESS] };
  await using api = await openTestApi(test, { config, recordings, hangUp: () => true });
  const world = await buildFuzzWorld({ askAdmin: askAdminOf(api), database: test.database, recordingsDir, adminKey: TEST_ADMIN_KEY });
  await using server = await openHttpServer({ app: api.api, host: '127.0.0.1', port: 0 });
  const document: unknown = await (await fetch(`${server.address}/openapi.json`)).json();
  const description = describeApi(document);
  const options = { url: server.address, api: description, world, random: seededRandom(7) };
  const { findings, requests } = await runFuzz({ ...options, requests: REQUESTS });
  expect(findings).toEqual([]);
  expect(requests).toBe(REQUESTS);
  expect((await fetch(`${server.address}/health`)).status).toBe(200);
});
