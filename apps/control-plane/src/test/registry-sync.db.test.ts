// The registry end to end: changes in the database, the loop, the real client over HTTP, PostgREST's SQL, and the registry's own tables.
import { writeFile } from 'node:fs/promises';
import { sql } from 'drizzle-orm';
import { describe, expect, it, vi } from 'vitest';
import { Registry } from 'prom-client';
import { openServerRegistry } from '#app/server-registry.ts';
import { testDatabases } from '#db/test-database.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { systemClock } from '#shared/clock.ts';
import { silentLog } from '#shared/log.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { STAND_IN_KEY } from './postgrest-stand-in.ts';
import { REGISTRY_SERVER_URL, useRegistryWorld, WAIT } from './registry-world.ts';

const scope = mintApplianceScope();
vi.setConfig({ testTimeout: 120_000 });

describe.each(testDatabases(REGISTRY_SERVER_URL))('the registry of servers on $kind', (databaseKind) => {
  const world = useRegistryWorld(databaseKind);
  const { start, stop, addAgent, inAppliance, writeToken, inCloud, waiting, report, counted, synced } = world;

  it('holds the server with its addresses and machine, its organizations, its agents with their numbers, and a heartbeat', async () => {
    const agentId = await addAgent('Reception', '+34910000001');
    await start();
    await synced();
    expect(await inCloud('servers')).toMatchObject([
      {
        server_id: 'mad-1',
        fleet_id: 'north',
        release: '0.1.0',
        addresses: ['sip:192.0.2.7:5060'],
        hardware: { cores: 2 },
        deleted: false,
      },
    ]);
    expect(await inCloud('organization_servers')).toMatchObject([
      { server_id: 'mad-1', organization_id: world.org, name: 'Clinic', active: true, addresses: ['sip:192.0.2.7:5060'] },
    ]);
    expect(await inCloud('server_agents')).toMatchObject([
      { server_id: 'mad-1', agent_id: agentId, organization_id: world.org, name: 'Reception', state: 'active', numbers: ['+34910000001'] },
    ]);
    expect(await inCloud('server_heartbeats')).toMatchObject([
      { server_id: 'mad-1', live_calls: 3, max_calls: 10, accepting: true, release: '0.1.0' },
    ]);
    const [pushed] = world.standIn.requests.filter(({ table }) => table === 'organization_servers');
    expect(decodeURIComponent(pushed!.query)).toContain('on_conflict=server_id,organization_id');
    expect(pushed!.headers['prefer']).toContain('resolution=merge-duplicates');
    expect(pushed!.headers['apikey']).toBe(STAND_IN_KEY);
  });

  it('hears of every change that a transaction commits, whoever made it, and of none that is rolled back', async () => {
    const agentId = await addAgent('Reception', '2001');
    const other = await addAgent('Night');
    await start();
    await synced();
    await world.test.database.inOrg(mintOrgScope(world.org), (queries) =>
      queries.execute(sql`update agents set name = 'Renamed' where id = ${agentId}`),
    );
    await world.test.database.inOrg(mintOrgScope(world.org), (queries) =>
      queries.execute(sql`update numbers set agent_id = ${other} where number = '2001'`),
    );
    await inAppliance((queries) => queries.execute(sql`update organizations set active = false where id = ${world.org}`));
    await expect(
      inAppliance(async (queries) => {
        await queries.execute(sql`update agents set name = 'Never' where id = ${other}`);
        throw new Error('rolled back');
      }),
    ).rejects.toThrow('rolled back');
    const seen = async () => ({
      agents: await inCloud('server_agents', 'name, numbers', 'name'),
      organizations: await inCloud('organization_servers', 'active'),
    });
    await vi.waitFor(
      async () =>
        expect(await seen()).toEqual({
          agents: [
            { name: 'Night', numbers: ['2001'] },
            { name: 'Renamed', numbers: [] },
          ],
          organizations: [{ active: false }],
        }),
      WAIT,
    );
  });

  it('keeps a tombstone of what was removed, also of what was removed while nobody looked', async () => {
    const agentId = await addAgent('Reception');
    const other = await addAgent('Night');
    await start();
    await synced();
    await inAppliance((queries) => queries.execute(sql`delete from agents where id = ${agentId}`));
    const deleted = () => inCloud('server_agents', 'agent_id, deleted', 'agent_id');
    await vi.waitFor(async () => expect(await deleted()).toContainEqual({ agent_id: agentId, deleted: true }), WAIT);
    await stop();
    await inAppliance((queries) => queries.execute(sql`delete from agents where id = ${other}`));
    // As if the outbox had been restored from a backup of before.
    await world.test.asSuperuser('truncate registry_outbox');
    await start();
    await vi.waitFor(async () => expect((await deleted()).map((row) => row['deleted'])).toEqual([true, true]), WAIT);
  });

  it('stores once what was applied and whose answer was lost', async () => {
    const agentId = await addAgent('Reception');
    world.standIn.fault = { kind: 'cut_after_apply' };
    await start();
    await vi.waitFor(async () => expect((await counted('centralita_registry_pushes_total'))['unavailable']).toBeGreaterThan(2), WAIT);
    // A heartbeat is all that such a line lets through; let the rows meet the same.
    world.standIn.fault = null;
    await synced();
    await inAppliance((queries) => queries.execute(sql`update agents set name = 'Twice' where id = ${agentId}`));
    world.standIn.fault = { kind: 'cut_after_apply' };
    await new Promise((resolve) => setTimeout(resolve, 300));
    world.standIn.fault = null;
    await synced();
    expect(await inCloud('server_agents', 'name, deleted')).toEqual([{ name: 'Twice', deleted: false }]);
    expect(await inCloud('server_heartbeats', 'server_id')).toEqual([{ server_id: 'mad-1' }]);
    expect((await counted('centralita_registry_pushes_total'))['overtaken']).toBe(0);
  });

  it.each([
    ['says 503', { kind: 'status', status: 503 }],
    ['says 409', { kind: 'status', status: 409 }],
    ['says 429', { kind: 'status', status: 429 }],
    ['cuts the line', { kind: 'cut' }],
    ['does not answer', { kind: 'hang' }],
  ] as const)('waits for a registry that %s, says so, and goes on where it was', async (_words, fault) => {
    await addAgent('Reception');
    world.standIn.fault = fault;
    await start(fault.kind === 'hang' ? { requestLimitMs: 1_000 } : {});
    await vi.waitFor(async () => expect((await report()).standing?.lastError).toMatch(/^unavailable: /), WAIT);
    expect((await report()).state).toBe('behind');
    expect(await world.running!.dependency.probe({ signal: AbortSignal.timeout(1_000) })).toMatchObject({
      state: 'degraded',
      mode: 'behind',
    });
    world.standIn.fault = null;
    await synced();
    expect(await inCloud('server_agents', 'name')).toEqual([{ name: 'Reception' }]);
    await vi.waitFor(async () => expect((await report()).standing?.lastError).toBeNull(), WAIT);
  });

  it('says that its token is refused, tries on slowly, and goes on with another one without a restart', async () => {
    await world.cloud.run(
      null,
      `insert into servers (server_id, fleet_id, version, release, token_generation) values ('mad-1', 'north', 1, '0', 2)`,
    );
    await start();
    await vi.waitFor(async () => expect((await report()).standing?.lastError).toMatch(/^refused: 403: /), WAIT);
    expect((await report()).state).toBe('refused');
    const before = world.standIn.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(world.standIn.requests.length - before).toBeLessThan(15);
    await writeToken({ server_id: 'mad-1', fleet_id: 'north', generation: 2 });
    await synced();
    await writeFile(world.tokenFile, 'eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmVk');
    await vi.waitFor(async () => expect((await report()).standing?.lastError).toMatch(/^refused: .*must hold a JWT/), WAIT);
    await writeToken({ server_id: 'mad-1', fleet_id: 'north', generation: 2, exp: 1_000 });
    await vi.waitFor(async () => expect((await report()).standing?.lastError).toMatch(/^refused: 401: JWT expired/), WAIT);
  });

  it('catches up with a registry that has newer rows than a restored database, and makes tombstones of what it no longer has', async () => {
    await addAgent('Reception');
    await world.cloud.run(
      null,
      `insert into server_agents (server_id, agent_id, fleet_id, version, organization_id, name) values ('mad-1', 'agent_lost', 'north', 5000, 'org_1', 'Lost')`,
    );
    await world.cloud.run(
      null,
      `insert into server_heartbeats (server_id, fleet_id, version, release, sent_at, uptime_seconds, live_calls, max_calls, accepting)
        values ('mad-1', 'north', 4900, '0', now(), 1, 0, 1, true)`,
    );
    await world.test.asSuperuser(`select setval('registry_versions', 10)`);
    await start();
    await synced();
    await vi.waitFor(
      async () =>
        expect(await inCloud('server_agents', 'name, deleted', 'name')).toEqual([
          { name: 'Lost', deleted: true },
          { name: 'Reception', deleted: false },
        ]),
      WAIT,
    );
    expect((await counted('centralita_registry_pushes_total'))['overtaken']).toBe(1);
  });

  it('holds one row back that the registry will not have, and sends the others', async () => {
    await addAgent('x'.repeat(201));
    await addAgent('Reception');
    await start();
    await vi.waitFor(async () => expect((await report()).standing).toMatchObject({ waiting: 0, refused: 1 }), WAIT);
    expect((await report()).standing?.refusal).toMatch(/check constraint/);
    expect(await inCloud('server_agents', 'name')).toEqual([{ name: 'Reception' }]);
    await inAppliance((queries) => queries.execute(sql`update agents set name = 'Short' where length(name) > 200`));
    await synced();
    expect(await inCloud('server_agents', 'name', 'name')).toEqual([{ name: 'Reception' }, { name: 'Short' }]);
  });

  it('keeps one row per thing while the registry is away, and drops tombstones above the limit: a full push says the same', async () => {
    world.standIn.fault = { kind: 'status', status: 503 };
    const kept = await addAgent('Kept');
    await start({ maxWaiting: 20 });
    for (let round = 0; round < 30; round += 1)
      await inAppliance((queries) => queries.execute(sql`update agents set name = ${`Kept ${round}`} where id = ${kept}`));
    expect(await waiting()).toBeLessThan(6);
    for (let round = 0; round < 30; round += 1) {
      const id = await addAgent(`Gone ${round}`);
      await inAppliance((queries) => queries.execute(sql`delete from agents where id = ${id}`));
    }
    await vi.waitFor(async () => expect(await waiting()).toBeLessThanOrEqual(20), WAIT);
    world.standIn.fault = null;
    await synced();
    expect(await inCloud('server_agents', 'name, deleted', 'deleted, name')).toContainEqual({ name: 'Kept 29', deleted: false });
    expect((await inCloud('server_agents', 'deleted')).filter((row) => row['deleted'] === false)).toHaveLength(1);
  });

  it('goes on when the wall clock jumps by ten days, forward and back', async () => {
    let wallAt = new Date();
    await start({ clock: { nowMs: () => systemClock.nowMs(), wallAt: () => wallAt } });
    await synced();
    for (const days of [10, -10]) {
      wallAt = new Date(Date.now() + days * 86_400_000);
      const beats = async () => Number((await inCloud('server_heartbeats', 'version'))[0]?.['version']);
      const before = await beats();
      await addAgent(`After ${days}`);
      await vi.waitFor(async () => expect(await beats()).toBeGreaterThan(before), WAIT);
      await synced();
    }
    expect(await inCloud('server_agents', 'name', 'name')).toHaveLength(2);
  });

  it('is spoken to by one process of those that share a database, and by the next when that one stops', async () => {
    await start();
    await synced();
    const first = world.running!;
    const holderOf = async () => (await report()).standing?.holder;
    const holder = await holderOf();
    await start();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await holderOf()).toBe(holder);
    await first[Symbol.asyncDispose]();
    await vi.waitFor(async () => expect([holder, null]).not.toContain(await holderOf()), WAIT);
  });

  it('without configuration nothing is told, and what triggers write is thrown away', async () => {
    world.running = openServerRegistry({
      configured: null,
      database: world.test.database,
      registry: new Registry(),
      pulse: () => ({ uptimeSeconds: 0, liveCalls: 0, maxCalls: 0, accepting: true }),
      clock: systemClock,
      log: silentLog,
    });
    expect(await report()).toMatchObject({ state: 'local_only', identity: null, servers: [] });
    expect(await world.running.dependency.probe({ signal: AbortSignal.timeout(1_000) })).toMatchObject({
      state: 'off',
      mode: 'local_only',
    });
    await addAgent('Reception');
    expect(await waiting()).toBeGreaterThan(0);
    const [job] = world.running.jobs;
    await job!.run({ scope, at: new Date(), signal: AbortSignal.timeout(1_000), log: silentLog });
    expect(await waiting()).toBe(0);
    expect(world.standIn.requests).toEqual([]);
  });
});
