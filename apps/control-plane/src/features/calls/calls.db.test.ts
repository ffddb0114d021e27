import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '#db/client.ts';
import { agents } from '#db/schema/agents.ts';
import { organizations } from '#db/schema/organizations.ts';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import type { CallEvent, TurnRecord } from '#ports/call-event.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import type { CallId } from '#shared/id.ts';
import { newId } from '#shared/id.ts';
import type { Log } from '#shared/log.ts';
import { silentLog } from '#shared/log.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { createCallEventWriter, queued } from './call-event-writer.ts';
import { openCallJournal } from './call-journal-store.ts';
import { createCallStore } from './call-store.ts';
import { createOpenCallStore } from './open-call-store.ts';

const appliance = mintApplianceScope();
const agentId = newId('agent');
const start = Date.parse('2026-11-21T10:00:00Z');
const at = (ms: number) => new Date(start + ms);

async function addOrganization(database: Database): Promise<OrgScope> {
  const scope = mintOrgScope(newId('organization'));
  const orgId = scope.organizationId;
  await database.inAppliance(appliance, async (queries) => {
    await queries.insert(organizations).values({ id: orgId, name: 'Organization', slug: `org-${orgId.slice(-20)}` });
    await queries.insert(agents).values({ orgId, id: agentId, name: 'Agent', language: 'es', voice: '', profile: {} });
  });
  return scope;
}

function started(scope: OrgScope, callId: CallId, ms = 0): CallEvent {
  return {
    kind: 'call_started',
    scope,
    callId,
    at: at(ms),
    agentId,
    legId: 'leg-1',
    dialledNumber: '1001',
    callerNumber: '+34600000000',
    recordingPath: 'a.raw',
  };
}

const turn = (seq: number, text: string): TurnRecord => ({
  seq,
  role: seq % 2 ? 'agent' : 'caller',
  text,
  input: seq % 2 ? null : 'speech',
  startedAt: at(seq * 1_000),
  endedAt: at(seq * 1_000 + 500),
  heardMs: seq % 2 ? 480.5 : null,
  interrupted: false,
  latency: { endpointMs: 412.25, speechToTextMs: 80, replyMs: null, textToSpeechMs: 30, firstFrameMs: 2.5, gapMs: 431.5 },
});

/** A whole call, as the engine would tell it. */
function wholeCall(scope: OrgScope, callId: CallId): CallEvent[] {
  return [
    started(scope, callId),
    { kind: 'call_answered', scope, callId, at: at(90), setupMs: 88.5 },
    { kind: 'note', scope, callId, at: at(95), name: 'node_entered', fields: { node: 'greeting' } },
    { kind: 'turn_recorded', scope, callId, at: at(1_500), turn: turn(1, 'Buenos días') },
    { kind: 'note', scope, callId, at: at(1_600), name: 'dtmf', fields: { digit: '1', heard: true, weight: 0.5, missing: null } },
    { kind: 'turn_recorded', scope, callId, at: at(2_500), turn: turn(2, 'Quiero una cita') },
    { kind: 'call_ended', scope, callId, at: at(3_000), outcome: 'caller_hung_up', reason: 'Q.850 16', durationMs: 2_910 },
  ];
}

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('calls on $kind', (kind) => {
  let test: TestDatabase;
  let ours: OrgScope;
  let theirs: OrgScope;

  beforeAll(async () => {
    test = await kind.open();
    ours = await addOrganization(test.database);
    theirs = await addOrganization(test.database);
  });
  afterAll(() => test[Symbol.asyncDispose]());

  it('turn the events of a call into one row, its turns and its notes', async () => {
    const callId = newId('call');
    await using journal = openCallJournal({ write: createCallEventWriter({ database: test.database, log: silentLog }), log: silentLog });
    for (const event of wholeCall(ours, callId)) journal.record(event);
    await journal.flush();
    const found = await createCallStore(test.database).find(ours, callId);
    expect(found?.call).toEqual({
      organizationId: ours.organizationId,
      callId,
      agentId,
      legId: 'leg-1',
      dialledNumber: '1001',
      callerNumber: '+34600000000',
      state: 'ended',
      outcome: 'caller_hung_up',
      reason: 'Q.850 16',
      startedAt: at(0),
      answeredAt: at(90),
      endedAt: at(3_000),
      setupMs: 88.5,
      durationMs: 2_910,
      recordingPath: 'a.raw',
      recordingBytes: null,
    });
    expect(
      found?.turns.map(({ seq, role, text, heardMs, endpointMs, firstFrameMs }) => ({
        seq,
        role,
        text,
        heardMs,
        endpointMs,
        firstFrameMs,
      })),
    ).toEqual([
      { seq: 1, role: 'agent', text: 'Buenos días', heardMs: 480.5, endpointMs: 412.25, firstFrameMs: 2.5 },
      { seq: 2, role: 'caller', text: 'Quiero una cita', heardMs: null, endpointMs: 412.25, firstFrameMs: 2.5 },
    ]);
    expect(found?.notes).toEqual([
      { name: 'node_entered', fields: { node: 'greeting' }, at: at(95) },
      { name: 'dtmf', fields: { digit: '1', heard: true, weight: 0.5, missing: null }, at: at(1_600) },
    ]);
  });

  it('keep how well each side was carried, once', async () => {
    const callId = newId('call');
    const { received, heard } = {
      received: { packetsReceived: 90, packetsSent: 95, receivedLossRatio: 0.1, receivedJitterMs: 3.5, receivedMos: 3.2 },
      heard: { sentLossRatio: 0, sentJitterMs: 1, roundTripMs: 20, sentMos: 4.4 },
    };
    const unheard = { sentLossRatio: null, sentJitterMs: null, roundTripMs: null, sentMos: null };
    const sides = [
      { leg: 'caller', codec: 'ulaw', ...received, ...unheard },
      { leg: 'representative', codec: 'alaw', ...received, ...heard },
    ] as const;
    const measured = sides.map((measurement): CallEvent => ({ kind: 'leg_measured', scope: ours, callId, at: at(3_001), measurement }));
    const write = createCallEventWriter({ database: test.database, log: silentLog });
    const batch = [...wholeCall(ours, callId), ...measured].map(queued);
    await write(batch);
    await write(batch);
    const found = await createCallStore(test.database).find(ours, callId);
    const byLeg = found?.qualities.toSorted((one, other) => one.leg.localeCompare(other.leg));
    expect(byLeg).toEqual(sides.map((side) => ({ ...side, measuredAt: at(3_001) })));
  });

  it('are written once, however often a batch is repeated', async () => {
    const callId = newId('call');
    const batch = wholeCall(ours, callId).map(queued);
    const write = createCallEventWriter({ database: test.database, log: silentLog });
    await write(batch);
    await write(batch.slice(0, 4));
    await write(batch);
    const found = await createCallStore(test.database).find(ours, callId);
    expect(found?.call).toMatchObject({ state: 'ended', outcome: 'caller_hung_up', answeredAt: at(90) });
    expect([found?.turns.length, found?.notes.length]).toEqual([2, 2]);
  });

  it('leave their jobs with their end, in the same transaction, however often the end is written', async () => {
    const callId = newId('call');
    const jobsOf = () => test.asSuperuser(`select org_id, kind, state, payload from jobs where key = '${callId}' order by kind`);
    const write = createCallEventWriter({ database: test.database, log: silentLog });
    const batch = wholeCall(ours, callId).map(queued);
    await write(batch.slice(0, -1));
    expect(await jobsOf()).toEqual([]);
    await write(batch);
    const [written] = await test.asSuperuser(
      `select j.xmin = c.xmin as together from jobs j join calls c on c.id = j.key where c.id = '${callId}'`,
    );
    expect(written).toEqual({ together: true });
    await write(batch);
    const job = { org_id: ours.organizationId, state: 'ready', payload: { callId } };
    expect(await jobsOf()).toEqual([
      { ...job, kind: 'call_outcome' },
      { ...job, kind: 'turn_gaps' },
    ]);
  });

  it('that an agent answered who was removed in the same seconds are kept whole, without the agent, and the log says so', async () => {
    const [callId, removed] = [newId('call'), newId('agent')];
    const warnings: object[] = [];
    const log: Log = { ...silentLog, warn: (fields) => void warnings.push(fields) };
    await using journal = openCallJournal({ write: createCallEventWriter({ database: test.database, log }), log });
    for (const event of wholeCall(ours, callId)) journal.record(event.kind === 'call_started' ? { ...event, agentId: removed } : event);
    await journal.flush();
    expect(journal.dropped()).toBe(0);
    expect(warnings).toEqual([{ callId, organizationId: ours.organizationId, agentId: removed }]);
    const found = await createCallStore(test.database).find(ours, callId);
    expect(found?.call).toMatchObject({ agentId: null, state: 'ended', outcome: 'caller_hung_up', recordingPath: 'a.raw' });
    expect([found?.turns.length, found?.notes.length]).toEqual([2, 2]);
  });

  it('of two organizations in one batch stay apart', async () => {
    const [mine, yours] = [newId('call'), newId('call')];
    const events = wholeCall(ours, mine).flatMap((event, index) => [event, wholeCall(theirs, yours)[index]!]);
    await createCallEventWriter({ database: test.database, log: silentLog })(events.map(queued));
    const store = createCallStore(test.database);
    expect((await store.find(ours, mine))?.turns).toHaveLength(2);
    expect((await store.find(theirs, yours))?.turns).toHaveLength(2);
    expect(await store.find(ours, yours)).toBeNull();
    expect(await store.find(theirs, mine)).toBeNull();
    expect(await store.findSummary(ours, mine)).toEqual((await store.find(ours, mine))?.call);
    expect(await store.findSummary(ours, yours)).toBeNull();
    expect((await store.outline(appliance, yours))?.call.organizationId).toBe(theirs.organizationId);
  });

  it('of numbers that nobody owns leave a rejected call and nothing else', async () => {
    const callId = newId('call');
    const rejected = {
      kind: 'call_rejected',
      callId,
      at: at(0),
      dialledNumber: '999',
      callerNumber: '',
      outcome: 'rejected_unknown_number',
    } as const;
    await createCallEventWriter({ database: test.database, log: silentLog })([queued({ ...rejected, scope: null })]);
    expect(await createCallStore(test.database).outline(appliance, callId)).toBeNull();
    expect(await test.asSuperuser(`select dialled_number, outcome from rejected_calls where id = '${callId}'`)).toEqual([
      { dialled_number: '999', outcome: 'rejected_unknown_number' },
    ]);
  });

  it('that were refused for want of capacity belong to their organization, with no agent', async () => {
    const callId = newId('call');
    const rejected = {
      kind: 'call_rejected',
      callId,
      at: at(0),
      dialledNumber: '1001',
      callerNumber: '',
      outcome: 'rejected_at_capacity',
    } as const;
    await createCallEventWriter({ database: test.database, log: silentLog })([queued({ ...rejected, scope: theirs })]);
    const found = await createCallStore(test.database).find(theirs, callId);
    expect(found?.call).toMatchObject({ state: 'rejected', outcome: 'rejected_at_capacity', agentId: null, endedAt: at(0) });
  });

  it('are listed newest first, page after page, without a gap or a repetition', async () => {
    const scope = await addOrganization(test.database);
    const ids = Array.from({ length: 7 }, (_, index) => ({ callId: newId('call'), ms: Math.floor(index / 2) * 1_000 }));
    await createCallEventWriter({ database: test.database, log: silentLog })(
      ids.map(({ callId, ms }) => queued(started(scope, callId, ms))),
    );
    const store = createCallStore(test.database);
    const seen: string[] = [];
    let after = null;
    for (;;) {
      const page = await store.list(scope, { sort: '-startedAt', limit: 3, after });
      seen.push(...page.map((call) => call.callId));
      const last = page.at(-1);
      if (!last) break;
      after = { startedAt: last.startedAt, callId: last.callId };
    }
    const newestFirst = ids.toSorted((a, b) => b.ms - a.ms || (a.callId < b.callId ? 1 : -1)).map(({ callId }) => callId);
    expect(seen).toEqual(newestFirst);
  });

  it('that are open are found by the server that served them, with where their conversation stands', async () => {
    const [mine, another] = [newId('call'), newId('call')];
    const write = (serverId: string) => createCallEventWriter({ database: test.database, log: silentLog, serverId });
    const state = { node: 'ask_day', slots: { day: 'martes' }, misses: 0, history: [{ role: 'caller', text: 'el martes' }] };
    const nextStep = { kind: 'transfer', destination: '2001', ringMs: 20_000 };
    await write('one')([
      queued(started(ours, mine, -60_000)),
      queued({ kind: 'turn_recorded', callId: mine, scope: ours, at: at(0), turn: turn(0, 'el martes') }),
      queued({
        kind: 'conversation_moved',
        callId: mine,
        scope: ours,
        at: at(0),
        turns: 1,
        conversation: { state, trace: null, nextStep },
      }),
    ]);
    await write('another')([queued(started(theirs, another, -60_000))]);
    const open = await createOpenCallStore({ database: test.database, scope: appliance, serverId: 'one' }).list();
    expect(open.filter(({ callId }) => callId === mine || callId === another)).toMatchObject([
      { callId: mine, scope: ours, legId: expect.any(String), turns: 1, stand: { state, nextStep, isAnswerHeard: false } },
    ]);
  });
});
