// The calls of an organization over the API, and the admin's look at them.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Answer, TestApi } from './test-api.ts';
import { addTestOrganization, openTestApi } from './test-api.ts';
import { agents } from '#db/schema/agents.ts';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import type { CallEvent } from '#ports/call-event.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import type { CallId, OrganizationId } from '#shared/id.ts';
import { newId } from '#shared/id.ts';
import { silentLog } from '#shared/log.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { createCallEventWriter, queued } from '#features/calls/call-event-writer.ts';

const agentId = newId('agent');
const otherAgentId = newId('agent');
const start = Date.parse('2026-11-01T10:00:00Z');
const now = new Date('2026-11-21T12:00:00Z');
const clock = { nowMs: () => performance.now(), wallAt: () => now };
const REASON = { 'X-Break-Glass': 'ticket 42: the caller complained' };

type CallFacts = {
  readonly afterMs: number;
  readonly durationMs?: number;
  readonly agentId?: string;
  readonly callerNumber?: string;
  readonly dialledNumber?: string;
  readonly said?: string;
  readonly outcome?: 'completed' | 'caller_hung_up';
};

function eventsOf(organizationId: OrganizationId, callId: CallId, facts: CallFacts): CallEvent[] {
  const at = new Date(start + facts.afterMs);
  const call = { scope: mintOrgScope(organizationId), callId, at };
  const { dialledNumber = '1001', callerNumber = '+34600000000', durationMs, outcome = 'completed' } = facts;
  const said = { seq: 0, role: 'caller' as const, text: facts.said ?? 'Buenos días', input: 'speech' as const };
  return [
    {
      ...call,
      kind: 'call_started',
      agentId: facts.agentId ?? agentId,
      legId: 'leg',
      dialledNumber,
      callerNumber,
      recordingPath: '/r/a.wav',
    },
    { ...call, kind: 'note', name: 'dtmf', fields: { digit: '7' } },
    { ...call, kind: 'note', name: 'model_failed', fields: { error: 'connect 10.0.0.9:8001' } },
    {
      ...call,
      kind: 'turn_recorded',
      turn: { ...said, startedAt: at, endedAt: at, heardMs: null, interrupted: false, latency: null },
    },
    ...(durationMs === undefined ? [] : [{ ...call, kind: 'call_ended' as const, outcome, reason: 'over', durationMs }]),
  ];
}

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('the calls API on $kind', (kind) => {
  let test: TestDatabase;
  let api: TestApi;
  let ours: OrganizationId;
  let theirs: OrganizationId;
  let token: string;
  const hungUp: string[] = [];
  const live = new Set<string>();
  /** Durations tie, and two calls are not over: every edge of a cursor. */
  const facts: CallFacts[] = [
    { afterMs: 0, durationMs: 5_000.25, said: 'quiero una cita con la dentista' },
    { afterMs: 1_000, durationMs: 5_000.25, agentId: otherAgentId, callerNumber: '+34611111111' },
    { afterMs: 2_000 },
    { afterMs: 2_000, durationMs: 9_000, outcome: 'caller_hung_up' },
    { afterMs: 3_000, dialledNumber: '1002' },
    { afterMs: 4_000, durationMs: 1_000, said: 'me duele una muela' },
  ];
  /** Of one millisecond each: two calls that began at once are listed by their ids. */
  const ids = facts.map((_, index) => newId('call', start + index));
  const theirCall = newId('call');

  beforeAll(async () => {
    test = await kind.open();
    const hangUp = (callId: string) => live.has(callId) && hungUp.push(callId) > 0;
    api = await openTestApi(test, { clock, hangUp });
    ours = await addTestOrganization(test, 'ours');
    theirs = await addTestOrganization(test, 'theirs');
    await test.database.inAppliance(mintApplianceScope(), async (queries) => {
      for (const orgId of [ours, theirs])
        for (const id of [agentId, otherAgentId])
          await queries.insert(agents).values({ orgId, id, name: 'Agent', language: 'es', voice: '', profile: {} });
    });
    const events = [
      ...facts.flatMap((each, index) => eventsOf(ours, ids[index]!, each)),
      ...eventsOf(theirs, theirCall, { afterMs: 500, durationMs: 7_000, said: 'quiero una cita' }),
    ];
    await createCallEventWriter({ database: test.database, log: silentLog })(events.map(queued));
    token = await api.tokenFor(ours, ['calls:read', 'calls:write']);
  });
  afterAll(async () => {
    await api[Symbol.asyncDispose]();
    await test[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    hungUp.length = 0;
    live.clear();
  });

  const ask = (path: string, method = 'GET') => api.asToken(token, path, { method });
  const indexesOf = ({ body }: Answer) => (body['calls'] as { callId: CallId }[]).map(({ callId }) => ids.indexOf(callId));
  const auditOf = (organizationId: string) =>
    test.asSuperuser(`select actor_kind, action, resource, details from audit_entries where org_id = '${organizationId}'
      and action like 'call%' order by seq`);

  it.each([
    ['', [5, 4, 3, 2, 1, 0]],
    [`agentId=${otherAgentId}`, [1]],
    [`agentId=${newId('agent')}`, []],
    ['state=ringing', [4, 2]],
    ['outcome=caller_hung_up', [3]],
    ['dialledNumber=1002', [4]],
    ['callerNumber=%2B34611111111', [1]],
    ['startedFrom=2026-11-01T10:00:03Z', [5, 4]],
    ['startedTo=2026-11-01T11:00:01%2B01:00', [0]],
    ['search=CITA', [0]],
    ['search=%22una+muela%22+or+dentista', [5, 0]],
    ['search=una+-muela', [0]],
    ['search=!!!', []],
    ['search=cita&startedFrom=2026-11-01T10:00:01Z', []],
    ['search=una&state=ended&sort=-durationMs', [0, 5]],
  ])('lists its own calls with %j as asked', async (query, expected) => {
    const answer = await ask(`/calls?${query}`);
    expect([answer.status, indexesOf(answer)]).toEqual([200, expected]);
  });

  it.each(['-startedAt', 'startedAt', '-durationMs', 'durationMs'])('pages by %s without a gap or a repetition', async (sort) => {
    const whole = indexesOf(await ask(`/calls?sort=${sort}`));
    for (const limit of [1, 2, 4]) {
      const seen: number[] = [];
      let cursor = '';
      for (let pages = 0; pages < 7; pages += 1) {
        const page = await ask(`/calls?sort=${sort}&limit=${limit}${cursor}`);
        seen.push(...indexesOf(page));
        const next = page.body['nextCursor'] as string | null;
        if (next === null) break;
        cursor = `&cursor=${next}`;
      }
      expect(seen).toEqual(whole);
    }
    const byValue = whole.map((index) => (sort.endsWith('durationMs') ? facts[index]!.durationMs : facts[index]!.afterMs));
    const known = byValue.filter((value) => value !== undefined).toSorted((a, b) => a - b);
    expect(byValue).toEqual([...(sort.startsWith('-') ? known.toReversed() : known), ...byValue.filter((value) => value === undefined)]);
  });

  it.each([
    ['search=cita&startedFrom=2026-01-01T00:00:00Z', 'search'],
    ['search=cita&startedFrom=2026-09-01T00:00:00Z&startedTo=2026-10-02T00:00:01Z', 'search'],
    ['startedFrom=2026-11-02T00:00:00Z&startedTo=2026-11-01T00:00:00Z', 'startedTo'],
    ['startedFrom=0000-01-01T00:00:00Z', 'startedFrom'],
    ['startedTo=yesterday', 'startedTo'],
    ['sort=callerNumber', 'sort'],
    ['outcome=unheard_of', 'outcome'],
    ['agentId=1', 'agentId'],
    ['limit=101', 'limit'],
    ['callId=1', ''],
  ])('refuses %j and names the field', async (query, field) => {
    const { status, body } = await ask(`/calls?${query}`);
    expect([status, body['code']]).toEqual([400, 'invalid_request']);
    expect((body['fields'] as { path: string }[]).map(({ path }) => path)).toContain(field);
  });

  it('refuses the cursor of another order', async () => {
    const cursor = (await ask('/calls?limit=1')).body['nextCursor'] as string;
    for (const sort of ['startedAt', 'durationMs']) {
      const { status, body } = await ask(`/calls?limit=1&sort=${sort}&cursor=${cursor}`);
      expect([status, body['fields']]).toMatchObject([400, [{ path: 'cursor' }]]);
    }
  });

  it('shows a call with what was said, and says neither where its recording lies nor on which channel it came', async () => {
    const { status, body } = await ask(`/calls/${ids[0]}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      call: { callId: ids[0], durationMs: 5_000.25, hasRecording: true, recordingBytes: null },
      turns: [{ role: 'caller', text: 'quiero una cita con la dentista' }],
      notes: [
        { name: 'dtmf', fields: { digit: '7' } },
        { name: 'model_failed', fields: {} },
      ],
    });
    const text = JSON.stringify([body, (await ask('/calls')).body]);
    expect(text).not.toMatch(/a\.wav|recordingPath|legId|organizationId/);
  });

  it('shows where the conversation of a call stands, and null before it began', async () => {
    expect((await ask(`/calls/${ids[0]}`)).body['conversation']).toBeNull();
    const callId = newId('call');
    const summary = 'Ana quiere una limpieza.';
    const state = { node: 'booking_day', slots: { service: 'limpieza' }, misses: 0, history: [], summary };
    const at = new Date(start);
    const turn = { seq: 3, role: 'agent', text: '', input: null, startedAt: at, endedAt: at, heardMs: 1, interrupted: false } as const;
    const [started] = eventsOf(ours, callId, { afterMs: -60_000 });
    const said = { kind: 'turn_recorded', scope: mintOrgScope(ours), callId, at, turn: { ...turn, latency: null } } as const;
    const events = [started!, { ...said, conversation: { state, trace: null } }];
    await createCallEventWriter({ database: test.database, log: silentLog })(events.map(queued));
    const { body } = await ask(`/calls/${callId}`);
    expect(body['conversation']).toEqual({ node: 'booking_day', slots: { service: 'limpieza' }, summary });
    await test.asSuperuser(`delete from calls where id = '${callId}'`);
  });

  it("knows nothing of another organization's calls", async () => {
    const unknown = await ask(`/calls/${newId('call')}`);
    for (const path of [`/calls/${theirCall}`, '/calls/1', `/calls/${theirCall.toUpperCase()}`]) {
      const { status, body } = await ask(path);
      expect({ status, body: { ...body, requestId: '' } }).toEqual({ status: 404, body: { ...unknown.body, requestId: '' } });
    }
  });

  it('shows the calls of its own that are up, and hangs one up under its name', async () => {
    const [mine, yours] = [newId('call'), newId('call')];
    for (const event of [...eventsOf(ours, mine, { afterMs: 0 }), ...eventsOf(theirs, yours, { afterMs: 0 })]) api.board.observe(event);
    const { body } = await ask('/live-calls');
    expect(body['calls']).toMatchObject([{ callId: mine, turns: 1 }]);
    expect(JSON.stringify(body)).not.toContain('organizationId');
    live.add(mine).add(yours);
    expect(await ask(`/calls/${mine}/hang-up`, 'POST')).toMatchObject({ status: 202, body: { callId: mine, state: 'ending' } });
    expect(await ask(`/calls/${yours}/hang-up`, 'POST')).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(hungUp).toEqual([mine]);
    expect(await auditOf(ours)).toMatchObject([{ actor_kind: 'token', action: 'call.hang_up_requested', resource: mine }]);
  });

  it('hangs up nothing that is over, unknown, or held by another server, and says which', async () => {
    expect(await ask(`/calls/${ids[0]}/hang-up`, 'POST')).toMatchObject({ status: 409, body: { detail: expect.stringContaining('over') } });
    expect(await ask(`/calls/${ids[2]}/hang-up`, 'POST')).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('another') },
    });
    for (const callId of [theirCall, newId('call'), 'x']) expect((await ask(`/calls/${callId}/hang-up`, 'POST')).status).toBe(404);
    expect(hungUp).toEqual([]);
  });

  it('asks for the scope of each', async () => {
    const reader = await api.tokenFor(ours, ['calls:read']);
    const writer = await api.tokenFor(ours, ['calls:write']);
    for (const path of ['/calls', `/calls/${ids[0]}`, '/live-calls']) expect((await api.asToken(writer, path)).status).toBe(403);
    expect((await api.asToken(reader, `/calls/${ids[0]}/hang-up`, { method: 'POST' })).status).toBe(403);
  });

  it('shows the admin every call, and what was said only for a reason, which the organization can read', async () => {
    const all = await api.asAdmin('/admin/calls');
    expect(all.body['calls']).toHaveLength(facts.length + 1);
    const one = await api.asAdmin(`/admin/calls?organizationId=${theirs}`);
    expect(one.body['calls']).toMatchObject([{ callId: theirCall, organizationId: theirs, legId: 'leg' }]);
    expect((await api.asAdmin(`/admin/calls?organizationId=${newId('organization')}`)).body['calls']).toEqual([]);
    expect((await api.asAdmin('/admin/calls?organizationId=org')).status).toBe(400);
    const closed = await api.asAdmin(`/admin/calls/${theirCall}`);
    expect(closed.body).toMatchObject({
      turns: [{ role: 'caller', text: null }],
      notes: [{ name: 'dtmf', fields: null }, { fields: null }],
    });
    expect(await auditOf(theirs)).toEqual([]);
    const opened = await api.asAdmin(`/admin/calls/${theirCall}`, { headers: REASON });
    expect(opened.body).toMatchObject({
      turns: [{ text: 'quiero una cita' }],
      notes: [{ fields: { digit: '7' } }, { fields: { error: 'connect 10.0.0.9:8001' } }],
    });
    expect(await auditOf(theirs)).toMatchObject([
      { actor_kind: 'admin', action: 'call.opened_by_admin', resource: theirCall, details: { reason: REASON['X-Break-Glass'] } },
    ]);
  });

  it('opens nothing for a reason that is none, and nothing that does not exist', async () => {
    for (const reason of ['', 'short', 'x'.repeat(201)]) {
      expect((await api.asAdmin(`/admin/calls/${theirCall}`, { headers: { 'X-Break-Glass': reason } })).status).toBe(400);
    }
    expect((await api.asAdmin(`/admin/calls/${newId('call')}`, { headers: REASON })).status).toBe(404);
  });

  it('lets the admin search what was said in one organization, for a reason', async () => {
    for (const [query, headers] of [
      ['search=cita', REASON],
      [`search=cita&organizationId=${ours}`, {}],
    ] as const) {
      expect(await api.asAdmin(`/admin/calls?${query}`, { headers })).toMatchObject({
        status: 400,
        body: { fields: [{ path: 'search' }] },
      });
    }
    const found = await api.asAdmin(`/admin/calls?search=cita&organizationId=${ours}`, { headers: REASON });
    expect(indexesOf(found)).toEqual([0]);
    expect((await auditOf(ours)).at(-1)).toMatchObject({ action: 'calls.searched_by_admin', details: { reason: REASON['X-Break-Glass'] } });
  });
});
