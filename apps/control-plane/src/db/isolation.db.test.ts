import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eq, sql } from 'drizzle-orm';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { newId } from '#shared/id.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { openDatabase } from './client.ts';
import { migrateDatabase } from './migrate.ts';
import journal from './migrations/meta/_journal.json' with { type: 'json' };
import { agents } from './schema/agents.ts';
import { calls, rejectedCalls } from './schema/calls.ts';
import { numbers } from './schema/numbers.ts';
import { organizations } from './schema/organizations.ts';
import { turns } from './schema/turns.ts';
import type { TestDatabase } from './test-database.ts';
import { testDatabases } from './test-database.ts';

/** The driver's error behind drizzle's: its code says which barrier held. */
async function errorCode(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    const cause = (error as { cause?: { code?: string } }).cause ?? (error as { code?: string });
    return cause.code;
  }
  return 'no error';
}

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('isolation of organizations on $kind', (kind) => {
  let test: TestDatabase;
  const appliance = mintApplianceScope();
  const ours = mintOrgScope(newId('organization'));
  const theirs = mintOrgScope(newId('organization'));
  const agentOf = new Map([
    [ours, newId('agent')],
    [theirs, newId('agent')],
  ]);
  const callOf = new Map([
    [ours, newId('call')],
    [theirs, newId('call')],
  ]);
  const at = new Date('2026-11-21T10:00:00Z');
  const aCall = (scope: typeof ours, id: string) => ({
    orgId: scope.organizationId,
    id,
    agentId: agentOf.get(scope)!,
    dialledNumber: '1001',
    callerNumber: '',
    state: 'ringing' as const,
    startedAt: at,
  });

  beforeAll(async () => {
    test = await kind.open();
    for (const [index, scope] of [ours, theirs].entries()) {
      const orgId = scope.organizationId;
      const agentId = agentOf.get(scope)!;
      await test.database.inAppliance(appliance, async (queries) => {
        await queries.insert(organizations).values({ id: orgId, name: `Organization ${index}`, slug: `organization-${index}` });
        await queries.insert(agents).values({ orgId, id: agentId, name: 'Agent', language: 'es', voice: '', profile: {} });
        await queries.insert(numbers).values({ orgId, id: newId('number'), number: `100${index}`, agentId });
      });
      await test.database.inOrg(scope, async (queries) => {
        await queries.insert(calls).values(aCall(scope, callOf.get(scope)!));
        await queries.insert(turns).values({
          orgId,
          callId: callOf.get(scope)!,
          seq: 1,
          role: 'caller',
          text: 'hola',
          startedAt: at,
          endedAt: at,
          interrupted: false,
        });
      });
    }
  });
  afterAll(() => test[Symbol.asyncDispose]());

  it('has no table of an organization without enabled and forced row-level security and a policy with both clauses', async () => {
    const tables = await test.asSuperuser(`
      select c.relname, c.relrowsecurity and c.relforcerowsecurity as forced,
        exists (select from pg_policies p where p.tablename = c.relname and p.policyname = 'own_organization' and p.cmd = 'ALL'
          and p.roles = '{centralita_app}' and p.qual like '%app.org_id%' and p.with_check like '%app.org_id%') as guarded
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'public' and c.relkind in ('r', 'p') and (c.relname = 'organizations'
        or exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'org_id' and not a.attisdropped))`);
    expect(tables.map((row) => String(row['relname'])).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'agent_versions',
      'agents',
      'api_tokens',
      'appointments',
      'audit_entries',
      'audit_heads',
      'booking_calendars',
      'booking_services',
      'booking_staff',
      'booking_staff_services',
      'call_events',
      'call_outcomes',
      'caller_messages',
      'calls',
      'contact_facts',
      'contacts',
      'conversation_turns',
      'conversations',
      'http_tools',
      'idempotency_keys',
      'jobs',
      'leg_qualities',
      'numbers',
      'organizations',
      'phones',
      'rag_chunks',
      'rag_documents',
      'rag_indexes',
      'rag_postings',
      'rag_uploads',
      'rag_vectors',
      'registry_outbox',
      'turn_gaps',
      'turn_traces',
      'turns',
    ]);
    expect(tables.filter((row) => row['forced'] !== true || row['guarded'] !== true)).toEqual([]);
  });

  it('has no table at all with row-level security off, no view that skips it, and no truncate right', async () => {
    const open = await test.asSuperuser(`
      select relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public'
        and ((relkind in ('r', 'p') and not (relrowsecurity and relforcerowsecurity))
          or relkind = 'm' or (relkind = 'v' and not coalesce(reloptions @> '{security_invoker=true}', false)))`);
    expect(open).toEqual([]);
    const rights = await test.asSuperuser(`
      select relname from pg_class c join pg_namespace n on n.oid = c.relnamespace, unnest(array['centralita_app', 'centralita_admin']) as role
      where n.nspname = 'public' and relkind = 'r' and (has_table_privilege(role, c.oid, 'TRUNCATE') or pg_get_userbyid(relowner) = role)`);
    expect(rights).toEqual([]);
  });

  it('has foreign keys between tables of an organization that all carry the organization', async () => {
    const loose = await test.asSuperuser(`
      select conrelid::regclass::text as from_table, confrelid::regclass::text as to_table from pg_constraint
      where contype = 'f' and confrelid <> 'organizations'::regclass
        and confrelid <> 'plans'::regclass
        and not exists (select from pg_attribute a where a.attrelid = conrelid and a.attnum = any(conkey) and a.attname = 'org_id')`);
    expect(loose).toEqual([]);
  });

  it("has no function that runs with its owner's rights", async () => {
    const definers = await test.asSuperuser(`
      select proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'public' and prosecdef`);
    expect(definers).toEqual([]);
  });

  it('gives the application roles no way past the policies', async () => {
    const roles = await test.asSuperuser(`
      select rolname, rolsuper, rolbypassrls from pg_roles where rolname in ('centralita_app', 'centralita_admin') order by rolname`);
    expect(roles).toEqual([
      { rolname: 'centralita_admin', rolsuper: false, rolbypassrls: false },
      { rolname: 'centralita_app', rolsuper: false, rolbypassrls: false },
    ]);
    const member = await test.asSuperuser(
      "select pg_has_role('centralita_app', 'centralita_admin', 'SET') as may_set, pg_has_role('centralita_app', 'centralita_admin', 'USAGE') as inherits",
    );
    expect(member).toEqual([{ may_set: true, inherits: false }]);
  });

  it('shows an organization only its own rows, without any WHERE', async () => {
    const seen = await test.database.inOrg(ours, async (queries) => ({
      organizations: await queries.select({ id: organizations.id }).from(organizations),
      agents: await queries.select({ orgId: agents.orgId }).from(agents),
      numbers: await queries.select({ number: numbers.number }).from(numbers),
      calls: await queries.select({ id: calls.id }).from(calls),
      turns: await queries.select({ callId: turns.callId }).from(turns),
    }));
    expect(seen).toEqual({
      organizations: [{ id: ours.organizationId }],
      agents: [{ orgId: ours.organizationId }],
      numbers: [{ number: '1000' }],
      calls: [{ id: callOf.get(ours) }],
      turns: [{ callId: callOf.get(ours) }],
    });
  });

  it('shows nothing before an organization is named, also right after a transaction of one', async () => {
    await test.database.inOrg(ours, (queries) => queries.select().from(calls));
    const seen = await test.database.unscoped(async (queries) => [
      await queries.select().from(calls),
      await queries.select().from(numbers),
      await queries.select().from(organizations),
    ]);
    expect(seen).toEqual([[], [], []]);
  });

  it('refuses a row of another organization, new or moved there', async () => {
    const planted = test.database.inOrg(ours, (queries) => queries.insert(calls).values(aCall(theirs, newId('call'))));
    expect(await errorCode(planted)).toBe('42501');
    const moved = test.database.inOrg(ours, (queries) => queries.update(calls).set({ orgId: theirs.organizationId }));
    expect(await errorCode(moved)).toBe('42501');
  });

  it("refuses a turn that points to another organization's call", async () => {
    const planted = test.database.inOrg(ours, (queries) =>
      queries.insert(turns).values({
        orgId: ours.organizationId,
        callId: callOf.get(theirs)!,
        seq: 7,
        role: 'caller',
        text: '',
        startedAt: at,
        endedAt: at,
        interrupted: false,
      }),
    );
    expect(await errorCode(planted)).toBe('23503');
  });

  it("leaves another organization's call untouched by an update without WHERE", async () => {
    await test.database.inOrg(ours, (queries) => queries.update(calls).set({ reason: 'touched' }));
    const rows = await test.asSuperuser(`select id from calls where reason = 'touched'`);
    expect(rows).toEqual([{ id: callOf.get(ours) }]);
  });

  it('never lets what was said be changed, nor an organization write what only the appliance may', async () => {
    expect(await errorCode(test.database.inOrg(ours, (queries) => queries.update(turns).set({ text: 'other' })))).toBe('42501');
    expect(await errorCode(test.database.inOrg(ours, (queries) => queries.delete(turns)))).toBe('42501');
    expect(await errorCode(test.database.inOrg(ours, (queries) => queries.update(organizations).set({ name: 'x' })))).toBe('42501');
  });

  it('keeps the calls of numbers that nobody owns from every organization', async () => {
    await test.database.unscoped((queries) =>
      queries
        .insert(rejectedCalls)
        .values({ id: newId('call'), dialledNumber: '999', callerNumber: '', outcome: 'rejected_unknown_number', rejectedAt: at }),
    );
    expect(await errorCode(test.database.inOrg(ours, (queries) => queries.select().from(rejectedCalls)))).toBe('42501');
    expect(await test.database.inAppliance(appliance, (queries) => queries.select().from(rejectedCalls))).toHaveLength(1);
  });

  it('lets the appliance read every organization, and only in its own transaction', async () => {
    expect(await test.database.inAppliance(appliance, (queries) => queries.select().from(calls))).toHaveLength(2);
    expect(await test.database.inOrg(ours, (queries) => queries.select().from(calls))).toHaveLength(1);
  });

  it('routes a dialled number under the policies and leaves no setting behind', async () => {
    await test.database.unscoped(async (queries) => {
      const found = await queries.select({ org: sql<string>`org_id` }).from(sql`find_route('1001')`);
      expect(found).toEqual([{ org: theirs.organizationId }]);
      expect(await queries.select().from(numbers)).toEqual([]);
      expect(await queries.select({ org: sql<string>`org_id` }).from(sql`find_route('7777')`)).toEqual([]);
    });
  });

  it('finds no route when the organization is inactive', async () => {
    const setActive = (active: boolean) =>
      test.database.inAppliance(appliance, (queries) =>
        queries.update(organizations).set({ active }).where(eq(organizations.id, theirs.organizationId)),
      );
    await setActive(false);
    const found = await test.database.unscoped((queries) => queries.select({ org: sql<string>`org_id` }).from(sql`find_route('1001')`));
    await setActive(true);
    expect(found).toEqual([]);
  });
});

describe.runIf(process.env['TEST_DATABASE_URL'])('migration on a server', () => {
  const server = process.env['TEST_DATABASE_URL'] ?? '';
  const urlOf = async (test: TestDatabase, role?: string) => {
    const [{ name } = {}] = await test.asSuperuser('select current_database() as name');
    const url = new URL(server);
    url.pathname = `/${String(name)}`;
    if (role) [url.username, url.password] = [role, 'for-tests-only'];
    return url.href;
  };

  it('changes nothing when it is repeated, also twice at once', async () => {
    await using test = await testDatabases(server).at(-1)!.open();
    const url = await urlOf(test);
    await Promise.all([migrateDatabase({ kind: 'server', url }), migrateDatabase({ kind: 'server', url })]);
    const applied = await test.asSuperuser('select count(*)::int as applied from drizzle.__drizzle_migrations');
    expect(applied).toEqual([{ applied: journal.entries.length }]);
  });

  it('needs no superuser: an owner without rights migrates, and the application logs in as its own role', async () => {
    await using test = await testDatabases(server).at(-1)!.open();
    const name = new URL(await urlOf(test)).pathname.slice(1);
    const migrator = `migrator_of_${name}`;
    await test.asSuperuser('drop schema public, drizzle cascade');
    await test.asSuperuser(`create role ${migrator} login nosuperuser nocreaterole password 'for-tests-only'`);
    await test.asSuperuser(`alter database ${name} owner to ${migrator}`);
    await test.asSuperuser('create schema public authorization pg_database_owner');
    await test.asSuperuser('grant usage on schema public to public');
    // As the provisioner does: it is not a trusted extension.
    await test.asSuperuser('create extension vector');
    await test.asSuperuser("alter role centralita_app login password 'for-tests-only'");
    await migrateDatabase({ kind: 'server', url: await urlOf(test, migrator) });
    await using asApplication = await openDatabase({ kind: 'server', url: await urlOf(test, 'centralita_app') });
    const scope = mintOrgScope(newId('organization'));
    await asApplication.inAppliance(mintApplianceScope(), (queries) =>
      queries.insert(organizations).values({ id: scope.organizationId, name: 'One', slug: 'one' }),
    );
    expect(await asApplication.inOrg(scope, (queries) => queries.select({ id: organizations.id }).from(organizations))).toEqual([
      { id: scope.organizationId },
    ]);
    expect(await asApplication.unscoped((queries) => queries.select({ org: sql<string>`org_id` }).from(sql`find_route('1001')`))).toEqual(
      [],
    );
    await test.asSuperuser(`reassign owned by ${migrator} to current_user`);
    await test.asSuperuser(`alter database ${name} owner to current_user`);
    await test.asSuperuser(`drop owned by ${migrator}`);
    await test.asSuperuser(`drop role ${migrator}`);
  });
});
