import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import { createAuditTrail } from '#features/access/audit-store.ts';
import type { RecordingStorage } from '#ports/recording-storage.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { systemClock } from '#shared/clock.ts';
import { newId } from '#shared/id.ts';
import { silentLog } from '#shared/log.ts';
import { openSecretKeys } from '#shared/secret-keys.ts';
import { removeExpiredData } from './retention.ts';
import { createRetentionStore, RETENTION_BATCH } from './retention-store.ts';

const now = new Date('2026-11-21T03:27:00Z');
const scope = mintApplianceScope();

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('retention on $kind', (kind) => {
  let test: TestDatabase;
  const removed: string[] = [];
  const gone = new Set<string>();
  const recordings: RecordingStorage = {
    measure: async () => null,
    open: async () => null,
    async remove(path) {
      if (path.includes('broken')) throw new Error('the disk is broken');
      removed.push(path);
      return !gone.has(path);
    },
  };
  const [starter, long, broken] = [newId('organization'), newId('organization'), newId('organization')];

  /** Adds `count` ended calls that began `days` days ago, with a recording and a turn each. */
  const addCalls = async (orgId: string, name: string, { days, count = 1 }: { days: number; count?: number }) => {
    const startedAt = new Date(now.getTime() - days * 86_400_000).toISOString();
    await test.asSuperuser(`insert into calls (org_id, id, dialled_number, caller_number, state, started_at, ended_at, recording_path, recording_bytes)
      select '${orgId}', 'call_${name}-' || n, '1001', '', 'ended', '${startedAt}', '${startedAt}', '/recordings/${name}-' || n, 5
      from generate_series(1, ${count}) n`);
    await test.asSuperuser(`insert into turns (org_id, call_id, seq, role, text, started_at, ended_at, interrupted)
      select org_id, id, 1, 'caller', 'hola', started_at, started_at, false from calls where id like 'call_${name}-%'`);
  };
  const namesOf = async (query: string) => (await test.asSuperuser(query)).map((row) => String(row['name']));
  const run = () => {
    const audit = createAuditTrail({ keys: openSecretKeys({ 1: 'a1'.repeat(32) }), clock: systemClock });
    const parts = { store: createRetentionStore(test.database), database: test.database, audit, recordings };
    return removeExpiredData(parts, { scope, at: now, signal: new AbortController().signal, log: silentLog });
  };

  beforeAll(async () => {
    test = await kind.open();
    // Texts for a shorter time than sound, which a plan may say.
    await test.asSuperuser(`insert into plans (id, name, concurrent_calls, agents, requests_per_minute, daily_dials, storage_bytes,
      recording_retention_days, text_retention_days) values ('odd', 'Odd', 1, 1, 1, 1, 1, 90, 20)`);
    await test.asSuperuser(`insert into organizations (id, name, slug, plan_id) values
      ('${starter}', 'S', 'starts', 'starter'), ('${long}', 'L', 'long', 'odd'), ('${broken}', 'B', 'broken', 'starter')`);
    await addCalls(starter, 'young', { days: 29 });
    await addCalls(starter, 'middle', { days: 31 });
    await addCalls(starter, 'old', { days: 181, count: RETENTION_BATCH + 20 });
    await addCalls(long, 'odd', { days: 21 });
    await test.asSuperuser(
      `insert into agents (org_id, id, name, language, voice, profile) values ('${starter}', 'agent_1', 'A', 'es', '', '{}')`,
    );
    for (const [name, days] of [
      ['young', 179],
      ['old', 181],
    ] as const) {
      const at = new Date(now.getTime() - days * 86_400_000).toISOString();
      await test.asSuperuser(`insert into conversations (org_id, id, channel, agent_id, agent_version, state, turns, updated_at)
        values ('${starter}', 'chat_${name}', 'chat', 'agent_1', 1, '{}', 1, '${at}')`);
      await test.asSuperuser(`insert into caller_messages (org_id, id, agent_id, conversation_id, text, is_urgent, fingerprint, created_at)
        values ('${starter}', 'msg_${name}', 'agent_1', 'chat_${name}', 'hola', false, 'f', '${at}')`);
      await test.asSuperuser(`insert into contacts (org_id, id, number, last_seen_at, consent, consent_at) values
        ('${starter}', 'contact_${name}', '+34${days}', '${at}', 'unknown', null),
        ('${starter}', 'contact_${name}_agreed', '+35${days}', '${at}', 'granted', '${at}')`);
      await test.asSuperuser(`insert into conversation_turns (org_id, conversation_id, seq, role, text, at)
        values ('${starter}', 'chat_${name}', 0, 'agent', 'hola', '${at}')`);
    }
    await test.asSuperuser(
      `insert into booking_services (org_id, id, name, synonyms, minutes) values ('${starter}', 'svc_1', 'S', '{}', 30)`,
    );
    await test.asSuperuser(`insert into booking_staff (org_id, id, name) values ('${starter}', 'staff_1', 'A')`);
    for (const [name, days, replaces] of [
      ['old_moved', 185, null],
      ['old_moved_again', 184, 'old_moved'],
      ['old', 183, 'old_moved_again'],
      ['old_kept', 182, null],
      ['young', 179, 'old_kept'],
      ['to_come', -3, null],
    ] as const) {
      const at = new Date(now.getTime() - days * 86_400_000).toISOString();
      await test.asSuperuser(`insert into appointments
        (org_id, id, service_id, staff_id, contact_name, contact_number, starts_at, ends_at, state, replaces) values
        ('${starter}', 'appt_${name}', 'svc_1', 'staff_1', 'Eva', '', '${at}', '${at}'::timestamptz + interval '30 minutes', 'confirmed',
        ${replaces === null ? 'null' : `'appt_${replaces}'`})`);
    }
    await test.asSuperuser(`insert into calls (org_id, id, dialled_number, caller_number, state, started_at, recording_path)
      values ('${starter}', 'call_up-1', '1001', '', 'answered', '2020-01-01', '/recordings/up-1')`);
    await test.asSuperuser(`insert into rejected_calls (id, dialled_number, caller_number, outcome, rejected_at)
      select 'r-' || n, '9', '', 'rejected_unknown_number', '2026-10-01' from generate_series(1, ${RETENTION_BATCH * 2}) n`);
    await test.asSuperuser(`insert into rejected_calls (id, dialled_number, caller_number, outcome, rejected_at)
      values ('r-young', '9', '', 'rejected_unknown_number', '2026-11-01')`);
    gone.add('/recordings/middle-1');
    await run();
  });
  afterAll(() => test[Symbol.asyncDispose]());

  it('removes recordings by the plan, also when the file is gone already, and leaves the call', async () => {
    expect(removed).toContain('/recordings/middle-1');
    expect(
      await test.asSuperuser(
        `select id, recording_path, recording_bytes from calls where id in ('call_middle-1', 'call_young-1') order by id`,
      ),
    ).toEqual([
      { id: 'call_middle-1', recording_path: null, recording_bytes: null },
      { id: 'call_young-1', recording_path: '/recordings/young-1', recording_bytes: kind.kind === 'PGlite' ? 5 : '5' },
    ]);
  });

  it('deletes calls with what was said once their texts are too old, in batches, and never a call that is up', async () => {
    expect(await namesOf('select id as name from calls order by id')).toEqual(['call_middle-1', 'call_up-1', 'call_young-1']);
    expect(await namesOf('select call_id as name from turns order by 1')).toEqual(['call_middle-1', 'call_young-1']);
    expect(removed.filter((path) => path.includes('old-'))).toHaveLength(RETENTION_BATCH + 20);
    expect(removed).toContain('/recordings/odd-1');
    expect(removed).not.toContain('/recordings/up-1');
  });

  it('deletes chats with what was said once their last message is too old', async () => {
    expect(await namesOf('select id as name from conversations')).toEqual(['chat_young']);
    expect(await namesOf('select conversation_id as name from conversation_turns')).toEqual(['chat_young']);
  });

  it('deletes messages that callers left once they are too old', async () => {
    expect(await namesOf('select id as name from caller_messages')).toEqual(['msg_young']);
  });

  it('deletes appointments that are long over, the moved ones with those that took their place, and none to come', async () => {
    expect(await namesOf('select id as name from appointments order by 1')).toEqual(['appt_old_kept', 'appt_to_come', 'appt_young']);
  });

  it('deletes contacts who called long ago, but for those who agreed to be remembered', async () => {
    const kept = ['contact_old_agreed', 'contact_young', 'contact_young_agreed'];
    expect(await namesOf('select id as name from contacts order by 1')).toEqual(kept);
  });

  it('deletes the calls of nobody after a month', async () => {
    expect(await namesOf('select id as name from rejected_calls')).toEqual(['r-young']);
  });

  it('writes down once per organization what it removed, and nothing where there was nothing', async () => {
    const entries = await test.asSuperuser(`select org_id, details from audit_entries where action = 'retention.applied'`);
    const detailsOf = (chain: string) => entries.filter((entry) => entry['org_id'] === chain).map((entry) => entry['details']);
    expect(detailsOf('appliance')).toMatchObject([{ rejectedCalls: RETENTION_BATCH * 2 }]);
    expect(detailsOf(starter)).toMatchObject([{ recordings: RETENTION_BATCH + 21, calls: RETENTION_BATCH + 20 }]);
    expect(detailsOf(long)).toMatchObject([{ recordings: 0, calls: 1 }]);
    expect(entries).toHaveLength(3);
    await run();
    expect(await test.asSuperuser('select from audit_entries')).toHaveLength(3);
  });

  it('removes the oldest recordings that do not fit into the storage of the plan, and leaves the calls', async () => {
    const full = newId('organization');
    await test.asSuperuser(`insert into plans (id, name, concurrent_calls, agents, requests_per_minute, daily_dials, storage_bytes,
      recording_retention_days, text_retention_days) values ('small', 'Small', 1, 1, 1, 1, 13, 90, 90)`);
    await test.asSuperuser(`insert into organizations (id, name, slug, plan_id) values ('${full}', 'F', 'full', 'small')`);
    // 5 bytes each: two of them fit.
    await addCalls(full, 'elder', { days: 5, count: RETENTION_BATCH + 1 });
    await addCalls(full, 'younger', { days: 3, count: 2 });
    await run();
    expect(
      await namesOf(`select recording_path as name from calls where org_id = '${full}' and recording_path is not null order by 1`),
    ).toEqual(['/recordings/younger-1', '/recordings/younger-2']);
    expect(await test.asSuperuser(`select count(*)::int as calls from calls where org_id = '${full}'`)).toEqual([
      { calls: RETENTION_BATCH + 3 },
    ]);
    expect(removed.filter((path) => path.includes('elder-'))).toHaveLength(RETENTION_BATCH + 1);
    expect(await test.asSuperuser(`select details from audit_entries where org_id = '${full}'`)).toMatchObject([
      { details: { recordings: 0, calls: 0, overStorage: RETENTION_BATCH + 1, storageBytes: 13 } },
    ]);
  });

  it('fails for one organization without keeping the others from theirs, and keeps the row of a file that would not go alone', async () => {
    await addCalls(broken, 'broken', { days: 40 });
    await addCalls(broken, 'next', { days: 40 });
    await addCalls(starter, 'late', { days: 40 });
    await expect(run()).rejects.toThrow('retention failed for 1 organization(s)');
    expect(
      await namesOf(`select recording_path as name from calls where id in ('call_broken-1', 'call_late-1', 'call_next-1') order by id`),
    ).toEqual(['/recordings/broken-1', 'null', 'null']);
    expect(await test.asSuperuser(`select details from audit_entries where org_id = '${broken}'`)).toMatchObject([
      { details: { recordings: 1 } },
    ]);
  });
});
