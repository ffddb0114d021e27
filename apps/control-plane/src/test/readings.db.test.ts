// What the metrics read of the rows: tokens that expire soon, and trunks that are to be registered.
import { testDatabases } from '#db/test-database.ts';
import { readAppliance } from '#features/appliance/reading-store.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { expect, it } from 'vitest';
import { addTestOrganization, openTestApi } from './test-api.ts';

const DAY_MS = 86_400_000;

it.each(testDatabases(process.env['TEST_DATABASE_URL']))('are counted over all organizations, on $kind', async (kind) => {
  await using test = await kind.open();
  await using api = await openTestApi(test);
  const read = (inDays: number) => readAppliance(test.database, mintApplianceScope(), new Date(Date.now() + inDays * DAY_MS));
  expect(await read(0)).toMatchObject({ recordingsBytes: 0, registeringTrunks: 0 });
  const trunk = { host: 'sip.carrier.example', matches: ['192.0.2.7'] };
  const credentials = { username: 'clinic', password: 'carrier-PASS!' };
  for (const body of [
    { ...trunk, name: 'by-address' },
    { ...trunk, ...credentials, name: 'registered', matches: ['192.0.2.8'], registers: true },
  ])
    expect((await api.asAdmin('/admin/trunks', { method: 'POST', body })).status).toBe(201);
  await api.tokenFor(await addTestOrganization(test, 'clinica'), ['calls:read']);
  expect((await read(0)).registeringTrunks).toBe(1);
  // Ninety days is a token's life.
  expect([...(await read(80)).tokensExpiring]).toEqual([
    [1, 0],
    [7, 0],
    [14, 1],
  ]);
});
