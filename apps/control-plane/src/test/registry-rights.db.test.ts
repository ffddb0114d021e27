// The tables of the registry as they are installed: what the token of a server may read and write there, and what nobody may.
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testDatabases } from '#db/test-database.ts';
import type { RegistryCloud } from './registry-cloud.ts';
import { openRegistryCloud } from './registry-cloud.ts';

const serverUrl = process.env['TEST_DATABASE_URL'];
const claimsOf = (server: string, fleet = 'north', generation = 1) => ({
  role: 'authenticated',
  server_id: server,
  fleet_id: fleet,
  generation,
});
const [mad, bcn, foreign] = [claimsOf('mad-1'), claimsOf('bcn-1'), claimsOf('lis-1', 'south')];

describe.each(testDatabases(serverUrl))('the tables of the registry on $kind', ({ kind }) => {
  let cloud: RegistryCloud;
  const agentOf = (server: string, version: number, changes: Record<string, unknown> = {}) => ({
    server_id: server,
    agent_id: 'agent_1',
    fleet_id: 'north',
    version,
    deleted: false,
    organization_id: 'org_1',
    name: `Clinic ${version}`,
    language: 'es',
    state: 'active',
    agent_version: 1,
    numbers: ['1001'],
    ...changes,
  });
  const put = (claims: Record<string, unknown>, row: Record<string, unknown>) => {
    const columns = Object.keys(row);
    return cloud.run(
      claims,
      `insert into server_agents (${columns.join(', ')}) select ${columns.join(', ')} from json_populate_record(null::server_agents, $1::text::json)
        on conflict (server_id, agent_id) do update set ${columns.map((name) => `${name} = excluded.${name}`).join(', ')} returning *`,
      [JSON.stringify(row)],
    );
  };
  const codeOf = (work: Promise<unknown>) =>
    work.then(
      () => null,
      (error: unknown) => (error as { code?: string }).code,
    );
  const servers = (claims: Record<string, unknown>, table = 'server_agents') =>
    cloud.run(claims, `select server_id from ${table} order by 1`).then((rows) => rows.map((row) => row['server_id']));

  beforeAll(async () => {
    cloud = await openRegistryCloud(kind, serverUrl);
    for (const [claims, row] of [
      [mad, agentOf('mad-1', 5)],
      [bcn, agentOf('bcn-1', 5)],
      [foreign, agentOf('lis-1', 5, { fleet_id: 'south' })],
    ] as const)
      await put(claims, row);
  }, 240_000);
  afterAll(() => cloud[Symbol.asyncDispose]());

  it('show a server its own fleet and no other, and nobody without a token anything', async () => {
    expect(await servers(mad)).toEqual(['bcn-1', 'mad-1']);
    expect(await servers(foreign)).toEqual(['lis-1']);
    expect(await servers({ role: 'authenticated' })).toEqual([]);
    expect(await codeOf(servers({ role: 'anon' }))).toBe('42501');
    expect(await servers(mad, 'registry_feed')).toEqual(['bcn-1', 'mad-1']);
    expect(await servers(foreign, 'registry_feed')).toEqual(['lis-1']);
  });

  it("refuse another server's rows, whether they are there or not, in this fleet or another", async () => {
    expect(await codeOf(put(mad, agentOf('bcn-1', 99)))).toBe('42501');
    expect(await codeOf(put(mad, agentOf('new-1', 1)))).toBe('42501');
    expect(await codeOf(put(mad, agentOf('mad-1', 99, { fleet_id: 'south' })))).toBe('42501');
    expect(await codeOf(cloud.run(mad, `update server_agents set server_id = 'bcn-1', version = 99 where server_id = 'mad-1'`))).toBe(
      '42501',
    );
    expect(await cloud.run(mad, `update server_agents set name = 'mine', version = 99 where server_id <> 'mad-1' returning 1`)).toEqual([]);
    expect(await cloud.run(null, `select distinct version::int from server_agents`)).toEqual([{ version: 5 }]);
  });

  it('let nobody delete, renumber the feed, or raise the generation of tokens', async () => {
    expect(await codeOf(cloud.run(mad, 'delete from server_agents'))).toBe('42501');
    expect(await codeOf(cloud.run(mad, `update server_agents set position = '' where server_id = 'mad-1'`))).toBe('42501');
    expect(await codeOf(cloud.run(mad, 'update servers set token_generation = 1'))).toBe('42501');
    expect(
      await codeOf(
        cloud.run(mad, `insert into server_licences (server_id, fleet_id, plan, state) values ('mad-1', 'north', 'big', 'active')`),
      ),
    ).toBe('42501');
    const rights = await cloud.run(
      null,
      `select table_name, grantee from information_schema.table_privileges where table_schema = 'public'
        and privilege_type in ('DELETE', 'TRUNCATE', 'TRIGGER', 'REFERENCES') and grantee in ('anon', 'authenticated', 'PUBLIC')`,
    );
    expect(rights).toEqual([]);
  });

  it('keep the newest version: an older one and the same again change nothing, and the answer says which is there', async () => {
    const stored = async (version: number) => (await put(mad, agentOf('mad-1', version)))[0];
    expect(await stored(7)).toMatchObject({ name: 'Clinic 7' });
    const before = await cloud.run(null, `select * from server_agents where server_id = 'mad-1'`);
    expect(String((await stored(6))?.['version'])).toBe('7');
    expect(String((await stored(7))?.['version'])).toBe('7');
    expect(await cloud.run(null, `select * from server_agents where server_id = 'mad-1'`)).toEqual(before);
  });

  it('tell nothing anew when the same comes under a newer version, and a tombstone at its place in the feed', async () => {
    const feed = () =>
      cloud.run(bcn, `select version::int, deleted, position from registry_feed where kind = 'agent' and server_id = 'mad-1'`);
    await put(mad, agentOf('mad-1', 20, { name: 'Same' }));
    const [first] = await feed();
    await put(mad, agentOf('mad-1', 21, { name: 'Same' }));
    expect(await feed()).toEqual([{ version: 21, deleted: false, position: first?.['position'] }]);
    await put(mad, agentOf('mad-1', 22, { deleted: true }));
    const [gone] = await feed();
    expect(gone).toMatchObject({ version: 22, deleted: true });
    expect(String(gone?.['position']) > String(first?.['position'])).toBe(true);
  });

  it('refuse what has no form: states, versions and texts that cannot be', async () => {
    for (const changes of [{ version: 0 }, { state: 'fine' }, { name: 'x'.repeat(201) }, { numbers: {} }, { server_id: 'a b' }])
      expect([changes, await codeOf(put(mad, agentOf('mad-1', 30, changes)))]).toEqual([changes, expect.stringMatching(/^(23514|42501)$/)]);
  });

  it('refuse a token of a generation that was revoked, for reading and for writing', async () => {
    await cloud.run(
      null,
      `insert into servers (server_id, fleet_id, version, release, token_generation) values ('old-1', 'north', 1, '0.1.0', 2)`,
    );
    expect(await servers(claimsOf('old-1'))).toEqual([]);
    expect(await codeOf(put(claimsOf('old-1'), agentOf('old-1', 1)))).toBe('42501');
    expect(await servers(claimsOf('old-1', 'north', 2))).toContain('mad-1');
    expect(await put(claimsOf('old-1', 'north', 2), agentOf('old-1', 1))).toHaveLength(1);
  });

  it('show a licence to its server alone, under a version that the operator need not count', async () => {
    await cloud.run(null, `insert into server_licences (server_id, fleet_id, plan, state) values ('mad-1', 'north', 'big', 'active')`);
    await cloud.run(null, `update server_licences set state = 'suspended' where server_id = 'mad-1'`);
    const licences = (claims: Record<string, unknown>) =>
      cloud.run(claims, `select key, version::int from registry_feed where kind = 'licence'`);
    expect(await licences(mad)).toEqual([{ key: 'mad-1', version: 2 }]);
    expect(await licences(bcn)).toEqual([]);
  });

  it('are heard of again after they were copied to a cluster that counts its transactions anew, in their place before all that follows', async () => {
    const heard = async () =>
      await cloud.run(bcn, `select version::int, position from registry_feed where kind = 'agent' and server_id = 'mad-1'`);
    const [before] = await heard();
    await cloud.run(null, 'alter table server_agents disable trigger user');
    await cloud.run(
      null,
      `update server_agents set written_xid = 900000000000, position = '0000000900000000000-0000000000000000007' where server_id = 'mad-1'`,
    );
    await cloud.run(null, 'alter table server_agents enable trigger user');
    expect(await heard()).toEqual([]);
    await cloud.run(null, await readFile(new URL('../../../../provision/supabase/006-moved.sql', import.meta.url), 'utf8'));
    const [moved] = await heard();
    expect(moved?.['version']).toBe(before?.['version']);
    expect(String(moved?.['position']) < String(before?.['position'])).toBe(true);
    expect(String((await put(mad, agentOf('mad-1', 1)))[0]?.['version'])).toBe(String(before?.['version']));
    await put(mad, agentOf('mad-1', 60));
    expect(String((await heard())[0]?.['position']) > String(before?.['position'])).toBe(true);
  });

  it('have row-level security everywhere, views of the invoker, and one function of the definer', async () => {
    const unprotected = await cloud.run(
      null,
      `select relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where nspname = 'public' and relkind = 'r' and (not relrowsecurity or (not relforcerowsecurity and relname <> 'servers'))`,
    );
    expect(unprotected).toEqual([]);
    const views = await cloud.run(
      null,
      `select relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where nspname = 'public' and relkind = 'v' and not coalesce(reloptions, '{}') @> '{security_invoker=true}'`,
    );
    expect(views).toEqual([]);
    const definers = await cloud.run(
      null,
      `select proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace where nspname = 'public' and prosecdef`,
    );
    expect(definers).toEqual([{ proname: 'registry_token_is_current' }]);
  });
});
