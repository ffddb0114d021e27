// What the registry tells of other servers, from its own tables over HTTP into ours.
import { describe, expect, it, vi } from 'vitest';
import { testDatabases } from '#db/test-database.ts';
import type { CloudRow } from './registry-cloud.ts';
import { REGISTRY_SERVER_URL, useRegistryWorld, WAIT } from './registry-world.ts';

vi.setConfig({ testTimeout: 120_000 });

describe.each(testDatabases(REGISTRY_SERVER_URL))('the registry tells of others on $kind', (databaseKind) => {
  const world = useRegistryWorld(databaseKind);
  const { start, stop, report, counted } = world;

  const tellOf = async (server: string, name: string, version = 1): Promise<CloudRow[]> => {
    const claims = { role: 'authenticated', server_id: server, fleet_id: 'north', generation: 1 };
    await world.cloud.run(
      claims,
      `insert into servers (server_id, fleet_id, version, release, addresses) values ('${server}', 'north', 1, '0.1.0', '["sip:192.0.2.9:5060"]') on conflict do nothing`,
    );
    await world.cloud.run(
      claims,
      `insert into server_heartbeats (server_id, fleet_id, version, release, sent_at, uptime_seconds, live_calls, max_calls, accepting)
        values ('${server}', 'north', 1, '0.1.0', now(), 5, 2, 20, true) on conflict do nothing`,
    );
    return world.cloud.run(
      claims,
      `insert into server_agents (server_id, agent_id, fleet_id, version, organization_id, name, state, numbers)
        values ('${server}', 'agent_far', 'north', ${version}, 'org_far', '${name}', 'active', '["+34930000001"]')
        on conflict (server_id, agent_id) do update set version = excluded.version, name = excluded.name`,
    );
  };

  it('which agent lives on which server, how that server is, and what this one may do', async () => {
    await tellOf('bcn-1', 'Far');
    await world.cloud.run(
      null,
      `insert into server_licences (server_id, fleet_id, plan, state, max_concurrent_calls, valid_until) values ('mad-1', 'north', 'big', 'active', 50, now() - interval '3 days')`,
    );
    await start();
    await vi.waitFor(async () => expect((await report()).servers).toMatchObject([{ heartbeat: { liveCalls: 2 } }]), WAIT);
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
    await world.cloud.run(
      { role: 'authenticated', server_id: 'bcn-1', fleet_id: 'north', generation: 1 },
      `update server_agents set deleted = true, version = 3`,
    );
    await vi.waitFor(async () => expect((await report()).agents).toEqual([]), WAIT);
  });

  it('what it told stays known while it is away, after a restart as well', async () => {
    await tellOf('bcn-1', 'Far');
    await start();
    await vi.waitFor(async () => expect((await report()).agents).toHaveLength(1), WAIT);
    await stop();
    world.standIn.fault = { kind: 'cut' };
    await start();
    expect((await report()).agents).toMatchObject([{ name: 'Far' }]);
  });

  it('rows that are poisoned, foreign or of no form are refused and counted; the good ones beside them count', async () => {
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
    world.standIn.fault = {
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
    world.standIn.fault = { kind: 'poison', table: 'registry_feed', rows: ['nothing'] };
    await vi.waitFor(async () => expect((await report()).standing?.lastError).toMatch(/no list of rows/), WAIT);
  });
});
