import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sql } from 'drizzle-orm';
import { newId } from '#shared/id.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import type { TestDatabase } from './test-database.ts';
import { testDatabases } from './test-database.ts';

/** What both roles do with knowledge: the admin role goes on with it after a restart. */
const knowledgeRights = [
  'rag_chunks DELETE *',
  'rag_chunks INSERT *',
  'rag_chunks SELECT *',
  'rag_documents DELETE *',
  'rag_documents INSERT *',
  'rag_documents SELECT *',
  'rag_documents UPDATE chunk_count claim claimed_until failure state stored_count updated_at',
  'rag_indexes INSERT *',
  'rag_indexes SELECT *',
  'rag_indexes UPDATE changed_at kind',
  'rag_postings DELETE *',
  'rag_postings INSERT *',
  'rag_postings SELECT *',
  'rag_uploads DELETE *',
  'rag_uploads INSERT *',
  'rag_uploads SELECT *',
  'rag_vectors DELETE *',
  'rag_vectors INSERT *',
  'rag_vectors SELECT *',
];

/** What each role may do with each table: `*` for the whole table, else the columns. What is not listed is refused. */
const applicationRights = [
  ...knowledgeRights,
  'agent_versions INSERT *',
  'agent_versions SELECT *',
  'agents SELECT *',
  'agents UPDATE language name profile updated_at version voice',
  'api_tokens SELECT *',
  'api_tokens UPDATE last_used_address last_used_at',
  'appointments INSERT *',
  'appointments SELECT *',
  // Which slot one has, and whose it is, is never rewritten.
  'appointments UPDATE held_until state updated_at',
  'booking_calendars INSERT *',
  'booking_calendars SELECT *',
  'booking_calendars UPDATE hold_minutes hours max_days_ahead min_notice_minutes slot_minutes time_zone updated_at',
  'booking_services DELETE *',
  'booking_services INSERT *',
  'booking_services SELECT *',
  'booking_services UPDATE active minutes name price_text synonyms updated_at',
  'booking_staff DELETE *',
  'booking_staff INSERT *',
  'booking_staff SELECT *',
  'booking_staff UPDATE active name updated_at',
  'booking_staff_services DELETE *',
  'booking_staff_services INSERT *',
  'booking_staff_services SELECT *',
  'audit_entries INSERT *',
  'audit_entries SELECT *',
  'audit_heads INSERT *',
  'audit_heads SELECT *',
  'audit_heads UPDATE hash key_version mac seq',
  'call_events INSERT *',
  'call_events SELECT *',
  'call_outcomes INSERT *',
  'call_outcomes SELECT *',
  'caller_messages DELETE *',
  'caller_messages INSERT *',
  'caller_messages SELECT *',
  // What a caller said is never rewritten.
  'caller_messages UPDATE handled_at',
  'calls INSERT *',
  'calls SELECT *',
  'calls UPDATE *',
  'contact_facts DELETE *',
  'contact_facts INSERT *',
  'contact_facts SELECT *',
  'contact_facts UPDATE learned_at source_id turns value',
  'contacts DELETE *',
  'contacts INSERT *',
  'contacts SELECT *',
  'contacts UPDATE consent consent_at consent_source last_seen_at',
  'conversation_turns INSERT *',
  'conversation_turns SELECT *',
  'conversations DELETE *',
  'conversations INSERT *',
  'conversations SELECT *',
  'conversations UPDATE claimed_until next_step state turns updated_at',
  'http_tools DELETE *',
  'http_tools INSERT *',
  'http_tools SELECT *',
  'http_tools UPDATE description effect headers method parameters sealed_secret updated_at url',
  'idempotency_keys DELETE *',
  'idempotency_keys INSERT *',
  'idempotency_keys SELECT *',
  'idempotency_keys UPDATE *',
  'jobs INSERT *',
  'jobs SELECT *',
  'jobs UPDATE ended_at last_error lease_until state',
  'leg_qualities INSERT *',
  'leg_qualities SELECT *',
  'numbers SELECT *',
  'numbers UPDATE agent_id',
  'organizations SELECT *',
  // Without the digest, which is for Asterisk alone.
  'phones SELECT created_at display_name extension id org_id push_error push_state updated_at username',
  'phones UPDATE display_name push_error push_state updated_at',
  'plans SELECT *',
  // That something changed; what was sent only the appliance takes out.
  'registry_outbox INSERT *',
  'registry_outbox SELECT *',
  'registry_outbox UPDATE changed_at refusal version',
  'rejected_calls INSERT *',
  'turn_gaps INSERT *',
  'turn_gaps SELECT *',
  'turn_traces INSERT *',
  'turn_traces SELECT *',
  'turns INSERT *',
  'turns SELECT *',
];
const adminRights = [
  ...knowledgeRights,
  ...['agents', 'api_tokens', 'job_runs', 'numbers', 'organizations', 'phones', 'plans', 'trunks'].flatMap((table) =>
    ['DELETE', 'INSERT', 'SELECT', 'UPDATE'].map((right) => `${table} ${right} *`),
  ),
  ...['appointments', 'booking_calendars', 'booking_services', 'booking_staff', 'booking_staff_services'].flatMap((table) => [
    `${table} DELETE *`,
    `${table} SELECT *`,
  ]),
  'admin_alerts DELETE *',
  'admin_alerts INSERT *',
  'admin_alerts SELECT *',
  'admin_alerts UPDATE attempts ended_at last_error lease_until next_attempt_at state',
  'agent_versions INSERT *',
  'agent_versions SELECT *',
  'audit_entries INSERT *',
  'audit_entries SELECT *',
  'audit_heads INSERT *',
  'audit_heads SELECT *',
  'audit_heads UPDATE hash key_version mac seq',
  'call_events SELECT *',
  'call_outcomes SELECT *',
  'capacity_tests INSERT *',
  'capacity_tests SELECT *',
  'caller_messages DELETE *',
  'caller_messages SELECT *',
  'calls DELETE *',
  'calls SELECT *',
  'calls UPDATE ended_at outcome reason recording_bytes recording_path state',
  'contact_facts DELETE *',
  'contact_facts SELECT *',
  'contacts DELETE *',
  'contacts SELECT *',
  'conversation_turns SELECT *',
  'conversations DELETE *',
  'conversations SELECT *',
  'global_stops SELECT *',
  'global_stops UPDATE cause changed_at reason revision state',
  'http_tools SELECT *',
  'idempotency_keys DELETE *',
  'idempotency_keys SELECT *',
  'jobs DELETE *',
  'jobs INSERT *',
  'jobs SELECT *',
  'jobs UPDATE attempts ended_at last_error lease_until next_attempt_at state',
  'leg_qualities SELECT *',
  'process_metadata DELETE *',
  'process_metadata INSERT *',
  'process_metadata SELECT *',
  'registry_outbox DELETE *',
  'registry_outbox INSERT *',
  'registry_outbox SELECT *',
  'registry_outbox UPDATE changed_at refusal version',
  'registry_remotes DELETE *',
  'registry_remotes INSERT *',
  'registry_remotes SELECT *',
  'registry_remotes UPDATE fields heard_at version',
  'registry_state SELECT *',
  'registry_state UPDATE holder is_full_push_wanted last_error last_error_at lease_until pulled_at pushed_at',
  'rejected_calls DELETE *',
  'rejected_calls SELECT *',
  'turn_gaps SELECT *',
  'turn_traces SELECT *',
  'turns SELECT *',
];

/** The driver's code behind drizzle's error; null when the work succeeded. */
async function refusal(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => null,
    (error: unknown) => (error as { cause?: { code?: string } }).cause?.code,
  );
}

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('rights on $kind', (kind) => {
  let test: TestDatabase;
  const [ours, theirs] = [mintOrgScope(newId('organization')), mintOrgScope(newId('organization'))];
  const macs = new Map([
    [ours, 'a'.repeat(64)],
    [theirs, 'b'.repeat(64)],
  ]);
  /** Every table that names an organization, by the catalogue, and the column that does. */
  let owned: { table: string; column: string }[];

  beforeAll(async () => {
    test = await kind.open();
    for (const [index, scope] of [ours, theirs].entries()) {
      const org = scope.organizationId;
      for (const row of [
        `organizations (id, name, slug) values ('${org}', 'O', 'o-${index}')`,
        `agents (org_id, id, name, language, voice, profile) values ('${org}', 'agent_${index}', 'A', 'es', '', '{}')`,
        `agent_versions (org_id, agent_id, version, name, language, voice, profile, comment, created_by)
          values ('${org}', 'agent_${index}', 1, 'A', 'es', '', '{}', '', 'admin')`,
        `numbers (org_id, id, number, agent_id) values ('${org}', 'num_${index}', '100${index}', 'agent_${index}')`,
        `phones (org_id, id, extension, username, display_name, digest_ha1) values ('${org}', 'phone_${index}', '2001', '2001-o-${index}', 'P', 'x')`,
        `api_tokens (org_id, id, name, mac, key_version, prefix, last_four, scopes, created_by, expires_at)
          values ('${org}', 'tok_${index}', 'T', '${macs.get(scope)}', 1, 'p', 'l', '{}', 'admin', '2100-01-01')`,
        `calls (org_id, id, dialled_number, caller_number, state, started_at) values ('${org}', 'call_${index}', '1', '', 'ringing', now())`,
        `turns (org_id, call_id, seq, role, text, started_at, ended_at, interrupted)
          values ('${org}', 'call_${index}', 1, 'caller', 'hola', now(), now(), false)`,
        `turn_gaps (org_id, call_id, seq, heard_gap_ms) values ('${org}', 'call_${index}', 1, 500)`,
        `leg_qualities (org_id, call_id, leg, codec, packets_received, packets_sent, received_loss_ratio, received_jitter_ms, received_mos, measured_at)
          values ('${org}', 'call_${index}', 'caller', 'ulaw', 1, 1, 0, 0, 4.4, now())`,
        `call_events (org_id, call_id, id, name, fields, at) values ('${org}', 'call_${index}', gen_random_uuid(), 'n', '{}', now())`,
        `call_outcomes (org_id, call_id, method, summary_turns, sentiment_turns, disposition_turns, fields, notes)
          values ('${org}', 'call_${index}', 'rules', '{}', '{}', '{}', '[]', '[]')`,
        `contacts (org_id, id, number, last_seen_at) values ('${org}', 'contact_${index}', '+34600000000', now())`,
        `contact_facts (org_id, contact_id, name, value, source_id, turns, learned_at)
          values ('${org}', 'contact_${index}', 'name', '"Ana"', 'call_${index}', '{1}', now())`,
        `jobs (org_id, id, kind, key, payload, max_attempts) values ('${org}', 'job_${index}', 'call_outcome', 'call_${index}', '{}', 8)`,
        `http_tools (org_id, id, agent_id, name, description, effect, parameters, method, url, headers)
          values ('${org}', 'tool_${index}', 'agent_${index}', 'find_it', 'd', 'read', '{}', 'GET', 'u', '[]')`,
        `caller_messages (org_id, id, agent_id, conversation_id, text, is_urgent, fingerprint)
          values ('${org}', 'msg_${index}', 'agent_${index}', 'call_${index}', 't', false, 'f')`,
        `conversations (org_id, id, channel, agent_id, agent_version, state, turns)
          values ('${org}', 'chat_${index}', 'chat', 'agent_${index}', 1, '{}', 2)`,
        `conversation_turns (org_id, conversation_id, seq, role, text, at) values ('${org}', 'chat_${index}', 0, 'agent', 'hola', now())`,
        `turn_traces (org_id, conversation_id, seq, trace) values ('${org}', 'chat_${index}', 0, '{}')`,
        `booking_calendars (org_id, time_zone, slot_minutes, min_notice_minutes, max_days_ahead, hold_minutes, hours)
          values ('${org}', 'Europe/Madrid', 30, 0, 90, 15, '{}')`,
        `booking_services (org_id, id, name, synonyms, minutes) values ('${org}', 'svc_${index}', 'S', '{}', 30)`,
        `booking_staff (org_id, id, name) values ('${org}', 'staff_${index}', 'B')`,
        `booking_staff_services (org_id, staff_id, service_id) values ('${org}', 'staff_${index}', 'svc_${index}')`,
        `appointments (org_id, id, service_id, staff_id, contact_name, contact_number, starts_at, ends_at, state)
          values ('${org}', 'appt_${index}', 'svc_${index}', 'staff_${index}', 'C', '1', '2100-01-01', '2100-01-02', 'confirmed')`,
        `idempotency_keys (org_id, key, request_hash, expires_at) values ('${org}', 'k', 'h', '2100-01-01')`,
        `audit_entries (org_id, seq, at, actor_kind, actor_name, action, resource, details, previous_hash, hash, key_version)
          values ('${org}', 1, now(), 'admin', 'admin', 'a', 'r', '{}', '', '', 1)`,
        `audit_heads (org_id, seq, hash, mac, key_version) values ('${org}', 1, '', '', 1)`,
        `rag_documents (org_id, id, agent_id, name, media_type, size_bytes, sha256)
          values ('${org}', 'doc_${index}', 'agent_${index}', 'd', 't', 1, 'x')`,
        `rag_uploads (org_id, document_id, content) values ('${org}', 'doc_${index}', '')`,
        `rag_chunks (org_id, agent_id, document_id, id, ordinal, headings, text)
          values ('${org}', 'agent_${index}', 'doc_${index}', 'chunk_${index}', 0, '{}', 'h')`,
        `rag_postings (org_id, document_number, stem, first_ordinal, ordinals)
          select org_id, number, 'h', 0, '{0}' from rag_documents where id = 'doc_${index}'`,
        `rag_vectors (org_id, agent_id, kind, chunk_id, embedding) values ('${org}', 'agent_${index}', 'k', 'chunk_${index}', '[1]')`,
        `rag_indexes (org_id, agent_id, kind) values ('${org}', 'agent_${index}', 'k')`,
      ])
        await test.asSuperuser(`insert into ${row}`);
    }
    const named = await test.asSuperuser(`select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
      join pg_attribute a on a.attrelid = c.oid and a.attname = 'org_id' and not a.attisdropped
      where n.nspname = 'public' and c.relkind in ('r', 'p') order by 1`);
    owned = [{ table: 'organizations', column: 'id' }, ...named.map(({ relname }) => ({ table: String(relname), column: 'org_id' }))];
  });
  afterAll(() => test[Symbol.asyncDispose]());

  const rightsOf = async (role: string) => {
    const rows = await test.asSuperuser(`
      select c.relname, p.name as privilege, case when has_table_privilege('${role}', c.oid, p.name) then '*' when p.name <> 'DELETE' then
          (select string_agg(a.attname, ' ' order by a.attname) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0
            and not a.attisdropped and has_column_privilege('${role}', c.oid, a.attname, p.name)) end as columns
      from pg_class c join pg_namespace n on n.oid = c.relnamespace, unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE']) as p (name)
      where n.nspname = 'public' and c.relkind in ('r', 'p', 'v')`);
    const held = rows.filter(({ columns }) => columns !== null);
    return held.map(({ relname, privilege, columns }) => `${String(relname)} ${String(privilege)} ${String(columns)}`).toSorted();
  };

  it('are exactly these: what was said, done or saved as a version is changed by nobody', async () => {
    expect(await rightsOf('centralita_app')).toEqual(applicationRights.toSorted());
    expect(await rightsOf('centralita_admin')).toEqual(adminRights.toSorted());
    expect(
      [...applicationRights, ...adminRights].filter((right) =>
        /^(audit_entries|agent_versions|turns|turn_gaps|leg_qualities|call_events|conversation_turns|turn_traces) (UPDATE|DELETE)/.test(
          right,
        ),
      ),
    ).toEqual([]);
  });

  it('are given to nobody else, nor for tables to come', async () => {
    const toPublic = await test.asSuperuser(`select table_name from information_schema.table_privileges
      where table_schema = 'public' and grantee = 'PUBLIC'`);
    expect(toPublic).toEqual([]);
    const standing = await test.asSuperuser(`select defaclacl::text as rights from pg_default_acl where defaclacl::text ~ 'centralita|=r'`);
    expect(standing).toEqual([]);
    const functions = await test.asSuperuser(`select proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where n.nspname = 'public' and has_function_privilege('public', p.oid, 'EXECUTE')
        and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')`);
    expect(functions).toEqual([]);
  });

  it('show every table of an organization only as far as it is its own, without any WHERE', async () => {
    for (const { table, column } of owned) {
      const read = (scope: typeof ours) =>
        test.database.inOrg(scope, (queries) =>
          queries.select({ org: sql<string>`${sql.identifier(column)}` }).from(sql`${sql.identifier(table)}`),
        );
      const seen = new Set((await read(ours)).map(({ org }) => org));
      expect([table, ...seen]).toEqual([table, ours.organizationId]);
    }
    expect(owned.length).toBeGreaterThanOrEqual(12);
  });

  it('show nothing of any table before an organization is named', async () => {
    for (const { table, column } of owned) {
      const rows = await test.database.unscoped((queries) =>
        queries.select({ org: sql`${sql.identifier(column)}` }).from(sql`${sql.identifier(table)}`),
      );
      expect([table, rows]).toEqual([table, []]);
    }
  });

  it("leave another organization's rows as they are, whatever is attempted without a WHERE", async () => {
    const count = async () => {
      const counts: string[] = [];
      for (const { table, column } of owned) {
        const [row] = await test.asSuperuser(`select count(*)::int as rows from ${table} where ${column} = '${theirs.organizationId}'`);
        counts.push(`${table} ${String(row?.['rows'])}`);
      }
      return counts;
    };
    const before = await count();
    for (const { table, column } of owned) {
      const moved = sql`update ${sql.identifier(table)} set ${sql.identifier(column)} = ${theirs.organizationId}`;
      expect([table, await refusal(test.database.inOrg(ours, (queries) => queries.execute(moved)))]).toEqual([table, '42501']);
      await refusal(test.database.inOrg(ours, (queries) => queries.execute(sql`delete from ${sql.identifier(table)}`)));
    }
    expect(await count()).toEqual(before);
  });

  it("refuse to read a phone's digest and to change what a token opens", async () => {
    const run = (query: string) => refusal(test.database.inOrg(ours, (queries) => queries.execute(sql.raw(query))));
    expect(await run('select digest_ha1 from phones')).toBe('42501');
    expect(await run('select * from phones')).toBe('42501');
    for (const change of [`mac = '${'c'.repeat(64)}'`, `scopes = '{full}'`, 'active = true', `expires_at = '2200-01-01'`])
      expect([change, await run(`update api_tokens set ${change}`)]).toEqual([change, '42501']);
    expect(await run('update organizations set active = true')).toBe('42501');
    expect(await run(`update plans set agents = 1000`)).toBe('42501');
  });

  it('let a lookup by token or by number tell about that one alone, and leave no setting behind', async () => {
    const lookUp = (call: string) =>
      test.database.unscoped(async (queries) => ({
        found: await queries.select({ org: sql<string>`org_id` }).from(sql.raw(call)),
        tokens: await queries.select({ id: sql`id` }).from(sql`api_tokens`),
        numbers: await queries.select({ id: sql`id` }).from(sql`numbers`),
        organizations: await queries.select({ id: sql`id` }).from(sql`organizations`),
      }));
    const nothing = { tokens: [], numbers: [], organizations: [] };
    expect(await lookUp(`find_token('${macs.get(theirs)}')`)).toEqual({ found: [{ org: theirs.organizationId }], ...nothing });
    expect(await lookUp(`find_route('1000')`)).toEqual({ found: [{ org: ours.organizationId }], ...nothing });
    for (const call of [`find_token('${'c'.repeat(64)}')`, `find_token('')`, `find_token('%')`, `find_route('')`, `find_route('100%')`])
      expect([call, await lookUp(call)]).toEqual([call, { found: [], ...nothing }]);
  });
});
