import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import { createCallRoutingStore } from '#features/telephony/call-routing-store.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { systemClock } from '#shared/clock.ts';
import { silentLog } from '#shared/log.ts';
import { digestHa1 } from '#shared/sip-digest.ts';
import { seedDemo } from './seed-demo.ts';

const scope = mintApplianceScope();
const signal = AbortSignal.timeout(60_000);

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('demo seed on $kind', (kind) => {
  let test: TestDatabase;
  beforeAll(async () => {
    test = await kind.open();
  });
  afterAll(() => test[Symbol.asyncDispose]());

  const rowCounts = () =>
    test.asSuperuser(`select (select count(*)::int from organizations) as organizations, (select count(*)::int from agents) as agents,
      (select count(*)::int from numbers) as numbers, (select count(*)::int from phones) as phones`);

  it('makes two agents that answer, and one telephone; a second run changes nothing and says the same', async () => {
    const first = await seedDemo(test.database, scope);
    await test.asSuperuser(`update agents set name = 'Renamed by its owner' where id = '${first.agents[1]?.agentId}'`);
    const second = await seedDemo(test.database, scope);
    expect(second).toEqual(first);
    expect(await rowCounts()).toEqual([{ organizations: 1, agents: 2, numbers: 2, phones: 1 }]);
    const routing = createCallRoutingStore({ database: test.database, clock: systemClock, log: silentLog });
    expect((await routing.findRoute('1001', { signal }))?.agent).toMatchObject({ language: 'es', agentId: first.agents[0]?.agentId });
    expect((await routing.findRoute('1002', { signal }))?.agent).toMatchObject({ language: 'en', name: 'Renamed by its owner' });
    const versions = await test.asSuperuser('select version, created_by from agent_versions');
    expect(versions).toEqual([
      { version: 1, created_by: 'seed-demo' },
      { version: 1, created_by: 'seed-demo' },
    ]);
  });

  it('gives the telephone a password that it has not, and leaves one that its admin made', async () => {
    const digest = async () => (await test.asSuperuser('select digest_ha1 from phones'))[0]?.['digest_ha1'];
    expect(await digest()).toBeNull();
    await seedDemo(test.database, scope, { phonePassword: 'first-password' });
    expect(await digest()).toBe(digestHa1('2001-clinica-demo', 'first-password'));
    await seedDemo(test.database, scope, { phonePassword: 'second-password' });
    expect(await digest()).toBe(digestHa1('2001-clinica-demo', 'first-password'));
  });

  it('refuses to take a number that belongs to somebody else, and leaves nothing behind', async () => {
    await test.asSuperuser('delete from numbers');
    await test.asSuperuser(`insert into organizations (id, name, slug) values ('org_x', 'Other', 'somebody')`);
    await test.asSuperuser(
      `insert into agents (org_id, id, name, language, voice, profile) values ('org_x', 'agent_x', 'Other', 'es', '', '{}')`,
    );
    await test.asSuperuser(`insert into numbers (org_id, id, number, agent_id) values ('org_x', 'num_x', '1002', 'agent_x')`);
    await expect(seedDemo(test.database, scope)).rejects.toMatchObject({ cause: { code: '23505' } });
    expect(await rowCounts()).toEqual([{ organizations: 2, agents: 3, numbers: 1, phones: 1 }]);
  });
});
