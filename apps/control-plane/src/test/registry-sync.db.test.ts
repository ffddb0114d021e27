// The registry end to end: changes in the database, the loop, the real client over HTTP, PostgREST's SQL, and the registry's own tables.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openSupabaseRegistry } from '#adapters/supabase/supabase-registry.ts';
import { openServerRegistry } from '#app/server-registry.ts';
import type { OpenServerRegistry } from '#app/server-registry.ts';
import { agents } from '#db/schema/agents.ts';
import { numbers } from '#db/schema/numbers.ts';
import { organizations } from '#db/schema/organizations.ts';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import type { RegistryReport } from '#features/registry/registry-report.ts';
import { registryReport } from '#features/registry/registry-report.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { systemClock } from '#shared/clock.ts';
import type { Clock } from '#shared/clock.ts';
import type { OrganizationId } from '#shared/id.ts';
import { newId } from '#shared/id.ts';
import { silentLog } from '#shared/log.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { Registry } from 'prom-client';
import type { PostgrestStandIn } from './postgrest-stand-in.ts';
import { openPostgrestStandIn, STAND_IN_KEY } from './postgrest-stand-in.ts';
import type { CloudRow, RegistryCloud } from './registry-cloud.ts';
import { openRegistryCloud } from './registry-cloud.ts';

const serverUrl = process.env['TEST_DATABASE_URL'];
const scope = mintApplianceScope();
/** A day of heartbeats, pulls and back-off in a second. */
const times = { heartbeatMs: 40, pullMs: 40, firstRetryMs: 20, firstRefusedMs: 30, longestRetryMs: 100 };
const WAIT = { timeout: 10_000, interval: 20 };

describe.each(testDatabases(serverUrl))('the registry of servers on $kind', ({ kind, open }) => {
  let test: TestDatabase;
  let cloud: RegistryCloud;
  let standIn: PostgrestStandIn;
  let folder: string;
  let running: OpenServerRegistry | null = null;
  let metrics = new Registry();
  let org: OrganizationId;

  beforeAll(async () => {
    [test, cloud, folder] = await Promise.all([open(), openRegistryCloud(kind, serverUrl), mkdtemp(join(tmpdir(), 'registry-'))]);
  });
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
    await cloud[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });
  beforeEach(async () => {
    standIn = await openPostgrestStandIn(cloud);
    await writeToken({ server_id: 'mad-1', fleet_id: 'north', generation: 1 });
    await test.asSuperuser('update registry_state set holder = null, pushed_at = null, pulled_at = null, last_error = null');
    await test.asSuperuser('delete from numbers');
    await test.asSuperuser('delete from agents');
    await test.asSuperuser('delete from organizations');
    await test.asSuperuser('truncate registry_outbox, registry_remotes');
    await cloud.run(null, 'truncate servers, organization_servers, server_agents, server_heartbeats, server_licences');
    org = newId('organization');
    await inAppliance((queries) => queries.insert(organizations).values({ id: org, name: 'Clinic', slug: 'clinic' }));
  });
  afterEach(async () => {
    await stop();
    await standIn[Symbol.asyncDispose]();
  });

  const inAppliance: TestDatabase['database']['inAppliance'] extends (scope: never, work: infer Work) => unknown
    ? (work: Work) => Promise<unknown>
    : never = (work) => test.database.inAppliance(scope, work);
  const writeToken = (claims: Record<string, unknown>) => writeFile(join(folder, 'token'), `${standIn.token(claims)}\n`);
  async function start(options: { clock?: Clock; maxWaiting?: number; requestLimitMs?: number } = {}): Promise<void> {
    metrics = new Registry();
    const { clock = systemClock, requestLimitMs = 2_000 } = options;
    const registry = await openSupabaseRegistry({
      url: standIn.url,
      publishableKey: STAND_IN_KEY,
      tokenFile: join(folder, 'token'),
      requestLimitMs,
    });
    const description = { release: '0.1.0', addresses: ['sip:192.0.2.7:5060'], hardware: { cores: 2 } };
    running = openServerRegistry({
      configured: { registry, description, times, lookEveryMs: 10, ...(options.maxWaiting && { maxWaiting: options.maxWaiting }) },
      database: test.database,
      registry: metrics,
      pulse: () => ({ uptimeSeconds: 12.7, liveCalls: 3, maxCalls: 10, accepting: true }),
      clock,
      log: silentLog,
    });
  }
  async function stop(): Promise<void> {
    await running?.[Symbol.asyncDispose]();
    running = null;
  }
  const addAgent = async (name: string, number?: string): Promise<string> => {
    const id = newId('agent');
    await inAppliance(async (queries) => {
      await queries.insert(agents).values({ orgId: org, id, name, language: 'es', voice: '', profile: {}, provisionedAt: new Date() });
      if (number !== undefined) await queries.insert(numbers).values({ orgId: org, id: newId('number'), number, agentId: id });
    });
    return id;
  };
  const inCloud = (table: string, columns = '*', order = '1') => cloud.run(null, `select ${columns} from ${table} order by ${order}`);
  const waiting = async () => Number((await test.asSuperuser('select count(*)::int as rows from registry_outbox'))[0]?.['rows']);
  const report = (): Promise<RegistryReport> => registryReport(running!.serverRegistry, scope, new Date());
  const counted = async (name: string) =>
    Object.fromEntries(
      (await metrics.getSingleMetric(name)!.get()).values.map(({ labels, value }) => [String(Object.values(labels)[0]), value]),
    );
  const synced = () => vi.waitFor(async () => expect([(await report()).state, await waiting()]).toEqual(['synced', 0]), WAIT);

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
      { server_id: 'mad-1', organization_id: org, name: 'Clinic', active: true, addresses: ['sip:192.0.2.7:5060'] },
    ]);
    expect(await inCloud('server_agents')).toMatchObject([
      { server_id: 'mad-1', agent_id: agentId, organization_id: org, name: 'Reception', state: 'active', numbers: ['+34910000001'] },
    ]);
    expect(await inCloud('server_heartbeats')).toMatchObject([
      { server_id: 'mad-1', live_calls: 3, max_calls: 10, accepting: true, release: '0.1.0' },
    ]);
    const [pushed] = standIn.requests.filter(({ table }) => table === 'organization_servers');
    expect(decodeURIComponent(pushed!.query)).toContain('on_conflict=server_id,organization_id');
    expect(pushed!.headers['prefer']).toContain('resolution=merge-duplicates');
    expect(pushed!.headers['apikey']).toBe(STAND_IN_KEY);
  });

  it('hears of every change that a transaction commits, whoever made it, and of none that is rolled back', async () => {
    const agentId = await addAgent('Reception', '2001');
    const other = await addAgent('Night');
    await start();
    await synced();
    await test.database.inOrg(mintOrgScope(org), (queries) =>
      queries.execute(sql`update agents set name = 'Renamed' where id = ${agentId}`),
    );
    await test.database.inOrg(mintOrgScope(org), (queries) =>
      queries.execute(sql`update numbers set agent_id = ${other} where number = '2001'`),
    );
    await inAppliance((queries) => queries.execute(sql`update organizations set active = false where id = ${org}`));
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
    await test.asSuperuser('truncate registry_outbox');
    await start();
    await vi.waitFor(async () => expect((await deleted()).map((row) => row['deleted'])).toEqual([true, true]), WAIT);
  });

  it('stores once what was applied and whose answer was lost', async () => {
    const agentId = await addAgent('Reception');
    standIn.fault = { kind: 'cut_after_apply' };
    await start();
    await vi.waitFor(async () => expect((await counted('centralita_registry_pushes_total'))['unavailable']).toBeGreaterThan(2), WAIT);
    // A heartbeat is all that such a line lets through; let the rows meet the same.
    standIn.fault = null;
    await synced();
    await inAppliance((queries) => queries.execute(sql`update agents set name = 'Twice' where id = ${agentId}`));
    standIn.fault = { kind: 'cut_after_apply' };
    await new Promise((resolve) => setTimeout(resolve, 300));
    standIn.fault = null;
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
    standIn.fault = fault;
    await start({ requestLimitMs: 150 });
    await vi.waitFor(async () => expect((await report()).standing?.lastError).toMatch(/^unavailable: /), WAIT);
    expect((await report()).state).toBe('behind');
    expect(await running!.dependency.probe({ signal: AbortSignal.timeout(1_000) })).toMatchObject({ state: 'degraded', mode: 'behind' });
    standIn.fault = null;
    await synced();
    expect(await inCloud('server_agents', 'name')).toEqual([{ name: 'Reception' }]);
    expect((await report()).standing?.lastError).toBeNull();
  });

  it('says that its token is refused, tries on slowly, and goes on with another one without a restart', async () => {
    await cloud.run(
      null,
      `insert into servers (server_id, fleet_id, version, release, token_generation) values ('mad-1', 'north', 1, '0', 2)`,
    );
    await start();
    await vi.waitFor(async () => expect((await report()).standing?.lastError).toMatch(/^refused: 403: /), WAIT);
    expect((await report()).state).toBe('refused');
    const before = standIn.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(standIn.requests.length - before).toBeLessThan(15);
    await writeToken({ server_id: 'mad-1', fleet_id: 'north', generation: 2 });
    await synced();
    await writeFile(join(folder, 'token'), 'eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmVk');
    await vi.waitFor(async () => expect((await report()).standing?.lastError).toMatch(/^refused: .*must hold a JWT/), WAIT);
    await writeToken({ server_id: 'mad-1', fleet_id: 'north', generation: 2, exp: 1_000 });
    await vi.waitFor(async () => expect((await report()).standing?.lastError).toMatch(/^refused: 401: JWT expired/), WAIT);
  });

  it('catches up with a registry that has newer rows than a restored database, and makes tombstones of what it no longer has', async () => {
    await addAgent('Reception');
    await cloud.run(
      null,
      `insert into server_agents (server_id, agent_id, fleet_id, version, organization_id, name) values ('mad-1', 'agent_lost', 'north', 5000, 'org_1', 'Lost')`,
    );
    await cloud.run(
      null,
      `insert into server_heartbeats (server_id, fleet_id, version, release, sent_at, uptime_seconds, live_calls, max_calls, accepting)
        values ('mad-1', 'north', 4900, '0', now(), 1, 0, 1, true)`,
    );
    await test.asSuperuser(`select setval('registry_versions', 10)`);
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
    standIn.fault = { kind: 'status', status: 503 };
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
    standIn.fault = null;
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

  describe('tells of others', () => {
    const tellOf = async (server: string, name: string, version = 1): Promise<CloudRow[]> => {
      const claims = { role: 'authenticated', server_id: server, fleet_id: 'north', generation: 1 };
      await cloud.run(
        claims,
        `insert into servers (server_id, fleet_id, version, release, addresses) values ('${server}', 'north', 1, '0.1.0', '["sip:192.0.2.9:5060"]') on conflict do nothing`,
      );
      await cloud.run(
        claims,
        `insert into server_heartbeats (server_id, fleet_id, version, release, sent_at, uptime_seconds, live_calls, max_calls, accepting)
          values ('${server}', 'north', 1, '0.1.0', now(), 5, 2, 20, true) on conflict do nothing`,
      );
      return cloud.run(
        claims,
        `insert into server_agents (server_id, agent_id, fleet_id, version, organization_id, name, state, numbers)
          values ('${server}', 'agent_far', 'north', ${version}, 'org_far', '${name}', 'active', '["+34930000001"]')
          on conflict (server_id, agent_id) do update set version = excluded.version, name = excluded.name`,
      );
    };

    it('which agent lives on which server, how that server is, and what this one may do', async () => {
      await tellOf('bcn-1', 'Far');
      await cloud.run(
        null,
        `insert into server_licences (server_id, fleet_id, plan, state, max_concurrent_calls, valid_until) values ('mad-1', 'north', 'big', 'active', 50, now() - interval '3 days')`,
      );
      await start();
      await vi.waitFor(async () => expect((await report()).agents).toHaveLength(1), WAIT);
      const told = await report();
      expect(told.agents).toEqual([
        { serverId: 'bcn-1', agentId: 'agent_far', organizationId: 'org_far', name: 'Far', state: 'active', numbers: ['+34930000001'] },
      ]);
      expect(told.servers).toMatchObject([
        { serverId: 'bcn-1', addresses: ['sip:192.0.2.9:5060'], heartbeat: { liveCalls: 2, maxCalls: 20, accepting: true } },
      ]);
      expect(told.licence).toMatchObject({ plan: 'big', standing: 'grace', maxConcurrentCalls: 50 });
      await tellOf('bcn-1', 'Farther', 2);
      await vi.waitFor(async () => expect((await report()).agents).toMatchObject([{ name: 'Farther' }]), WAIT);
      await cloud.run(
        { role: 'authenticated', server_id: 'bcn-1', fleet_id: 'north', generation: 1 },
        `update server_agents set deleted = true, version = 3`,
      );
      await vi.waitFor(async () => expect((await report()).agents).toEqual([]), WAIT);
    });

    it('and what it told stays known while it is away, after a restart as well', async () => {
      await tellOf('bcn-1', 'Far');
      await start();
      await vi.waitFor(async () => expect((await report()).agents).toHaveLength(1), WAIT);
      await stop();
      standIn.fault = { kind: 'cut' };
      await start();
      expect((await report()).agents).toMatchObject([{ name: 'Far' }]);
    });

    it('and rows that are poisoned, foreign or of no form are refused and counted; the good ones beside them count', async () => {
      const good = {
        kind: 'agent',
        server_id: 'bcn-1',
        key: 'agent_far',
        fleet_id: 'north',
        version: 1,
        deleted: false,
        position: `${'0'.repeat(19)}-${'0'.repeat(18)}1`,
      };
      const fields = { organization_id: 'org_far', name: 'Far', language: 'es', state: 'active', agent_version: 1, numbers: ['2001'] };
      standIn.fault = {
        kind: 'poison',
        table: 'registry_feed',
        rows: [
          { ...good, fields },
          { ...good, key: 'agent_2', fields: { ...fields, numbers: ['2001; drop table calls'] } },
          { ...good, key: 'agent_3', fields: { ...fields, name: 7 } },
          { ...good, key: 'agent_4', fleet_id: 'south', fields },
          { ...good, kind: 'configuration', fields: { MAX_CONCURRENT_CALLS: 0 } },
          {
            ...good,
            kind: 'licence',
            key: 'bcn-1',
            fields: { plan: 'free', state: 'suspended', max_concurrent_calls: 1, valid_until: null },
          },
          { ...good, server_id: 'mad-1', key: 'agent_own', fields },
          { ...good, key: 'agent_5', version: 1e300, fields },
          'nothing',
        ].filter((row) => typeof row === 'object'),
      };
      await start();
      await vi.waitFor(async () => expect((await report()).agents).toMatchObject([{ agentId: 'agent_far' }]), WAIT);
      const pulled = await counted('centralita_registry_pulled_rows_total');
      expect(pulled['kept']).toBe(1);
      expect(pulled['own']).toBeGreaterThanOrEqual(1);
      expect(pulled['refused']).toBeGreaterThanOrEqual(6);
      expect((await report()).licence).toBeNull();
      standIn.fault = { kind: 'poison', table: 'registry_feed', rows: ['nothing'] };
      await vi.waitFor(async () => expect((await report()).standing?.lastError).toMatch(/no list of rows/), WAIT);
    });
  });

  it('is spoken to by one process of those that share a database, and by the next when that one stops', async () => {
    await start();
    await synced();
    const first = running!;
    const holderOf = async () => (await report()).standing?.holder;
    const holder = await holderOf();
    await start();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await holderOf()).toBe(holder);
    await first[Symbol.asyncDispose]();
    await vi.waitFor(async () => expect([holder, null]).not.toContain(await holderOf()), WAIT);
  });

  it('without configuration nothing is told, and what triggers write is thrown away', async () => {
    running = openServerRegistry({
      configured: null,
      database: test.database,
      registry: metrics,
      pulse: () => ({ uptimeSeconds: 0, liveCalls: 0, maxCalls: 0, accepting: true }),
      clock: systemClock,
      log: silentLog,
    });
    expect(await report()).toMatchObject({ state: 'local_only', identity: null, servers: [] });
    expect(await running.dependency.probe({ signal: AbortSignal.timeout(1_000) })).toMatchObject({ state: 'off', mode: 'local_only' });
    await addAgent('Reception');
    expect(await waiting()).toBeGreaterThan(0);
    const [job] = running.jobs;
    await job!.run({ scope, at: new Date(), signal: AbortSignal.timeout(1_000), log: silentLog });
    expect(await waiting()).toBe(0);
    expect(standIn.requests).toEqual([]);
  });
});
