import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import { clinicEs } from '#dialog/demo/clinic-es.ts';
import { createCallRoutingStore } from '#features/telephony/call-routing-store.ts';
import { systemClock } from '#shared/clock.ts';
import type { OrganizationId } from '#shared/id.ts';
import { newId } from '#shared/id.ts';
import { silentLog } from '#shared/log.ts';
import type { TestApi } from './test-api.ts';
import { addTestOrganization, openTestApi } from './test-api.ts';

const draft = clinicEs({ organizationName: 'Clínica', destination: '2001' });
const signal = AbortSignal.timeout(60_000);

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('the API of agents and numbers on $kind', (kind) => {
  let test: TestDatabase;
  let api: TestApi;
  let orgId: OrganizationId;
  let otherOrgId: OrganizationId;
  let token: string;
  let otherToken: string;

  beforeAll(async () => {
    test = await kind.open();
    api = await openTestApi(test);
    orgId = await addTestOrganization(test, 'clinica', 'enterprise');
    otherOrgId = await addTestOrganization(test, 'otra', 'starter');
    token = await api.tokenFor(orgId, ['agent:read', 'agent:write']);
    otherToken = await api.tokenFor(otherOrgId, ['agent:read', 'agent:write']);
  });
  afterAll(async () => {
    await api[Symbol.asyncDispose]();
    await test[Symbol.asyncDispose]();
  });

  const register = async (organizationId = orgId, body: unknown = draft) =>
    api.asAdmin(`/admin/organizations/${organizationId}/agents`, { method: 'POST', body });
  const newAgent = async (organizationId = orgId) => String((await register(organizationId)).body['agentId']);
  const save = (agentId: string, body: unknown) => api.asToken(token, `/agents/${agentId}`, { method: 'PATCH', body });
  const fieldsOf = (answer: { body: Record<string, unknown> }) =>
    ((answer.body['fields'] ?? []) as { path: string }[]).map(({ path }) => path);

  it('gives a registered agent back whole, to the admin and to its owner', async () => {
    const { status, body } = await register();
    expect(status).toBe(201);
    expect(body).toMatchObject({ ...draft, organizationId: orgId, state: 'registered', version: 1 });
    expect((await api.asAdmin(`/admin/agents/${String(body['agentId'])}`)).body).toEqual(body);
    expect((await api.asToken(token, `/agents/${String(body['agentId'])}`)).body).toEqual(body);
  });

  it('refuses an agent beyond the plan, naming the limit and what is used, and one for nobody', async () => {
    for (let index = 0; index < 3; index += 1) expect((await register(otherOrgId)).status).toBe(201);
    expect(await register(otherOrgId)).toMatchObject({
      status: 422,
      body: { code: 'plan_limit', detail: 'the plan allows 3 agents and 3 are registered' },
    });
    expect((await register(newId('organization'))).status).toBe(404);
  });

  it('adds neither an agent nor a token to an organization that waits to be deleted, until it is restored', async () => {
    const leaving = await addTestOrganization(test, 'se-va');
    const makeToken = () =>
      api.asAdmin(`/admin/organizations/${leaving}/tokens`, { method: 'POST', body: { name: 'CRM', preset: 'reporting' } });
    await api.asAdmin(`/admin/organizations/${leaving}`, { method: 'DELETE' });
    for (const refused of [await register(leaving), await makeToken()])
      expect(refused).toMatchObject({ status: 409, body: { code: 'conflict', detail: expect.stringContaining('restore it first') } });
    await api.asAdmin(`/admin/organizations/${leaving}/restore`, { method: 'POST' });
    expect([(await register(leaving)).status, (await makeToken()).status]).toEqual([201, 201]);
  });

  it('gives no number, no phone and no replaced token to an organization that waits to be deleted, until it is restored', async () => {
    const leaving = await addTestOrganization(test, 'tambien-se-va');
    const at = `/admin/organizations/${leaving}`;
    const agentId = await newAgent(leaving);
    const made = await api.asAdmin(`${at}/tokens`, { method: 'POST', body: { name: 'CRM', preset: 'reporting' } });
    const writes = () =>
      [
        api.asAdmin(`${at}/numbers`, { method: 'POST', body: { number: '+34910000070', agentId } }),
        api.asAdmin(`/admin/agents/${agentId}/provision`, { method: 'POST', body: { number: '+34910000071' } }),
        api.asAdmin(`${at}/phones`, { method: 'POST', body: { extension: '2070', displayName: 'Recepción' } }),
        api.asAdmin('/admin/tokens/rotate', { method: 'POST', body: { tokenId: made.body['tokenId'] } }),
      ] as const;
    await api.asAdmin(at, { method: 'DELETE' });
    for (const refused of await Promise.all(writes()))
      expect(refused).toMatchObject({ status: 409, body: { code: 'conflict', detail: expect.stringContaining('restore it first') } });
    for (const table of ['numbers', 'phones']) {
      expect(await test.asSuperuser(`select id from ${table} where org_id = '${leaving}'`)).toEqual([]);
    }
    await api.asAdmin(`${at}/restore`, { method: 'POST' });
    expect((await Promise.all(writes())).map(({ status }) => status)).toEqual([201, 200, 201, 201]);
  });

  it('saves no agent whose calls may last longer than the appliance lets any', async () => {
    const conversation = { ...draft.conversation, maxCallMs: 3_600_001 };
    const message = 'is at most 3600000: the appliance ends every call after MAX_CALL_SECONDS=3600';
    const agentId = await newAgent();
    for (const refused of [
      await register(orgId, { ...draft, conversation }),
      await save(agentId, { conversation: { maxCallMs: 3_600_001 } }),
    ])
      expect(refused).toMatchObject({ status: 422, body: { fields: [{ path: 'conversation.maxCallMs', message }] } });
    expect((await save(agentId, { conversation: { maxCallMs: 3_600_000 } })).status).toBe(200);
  });

  it('names every wrong field of a draft and of a change by its path', async () => {
    const at = draft.flow.nodes.findIndex(({ transitions }) => transitions.length > 0);
    const node = draft.flow.nodes[at]!;
    const transitions = node.transitions.with(0, { ...node.transitions[0]!, goTo: 'nowhere' });
    const flow = { ...draft.flow, nodes: draft.flow.nodes.with(at, { ...node, transitions }) };
    const path = `flow.nodes.${at}.transitions.0.goTo`;
    const refused = await register(orgId, { ...draft, flow, voice: 'a b' });
    expect([refused.status, refused.body['code']]).toEqual([400, 'invalid_request']);
    expect(fieldsOf(refused)).toEqual(expect.arrayContaining([path, 'voice']));
    const agentId = await newAgent();
    expect(fieldsOf(await save(agentId, { flow }))).toEqual([path]);
    const together = await save(agentId, { conversation: { candidatePauseMs: 300, commitPauseMs: 300 } });
    expect([together.status, together.body['code'], fieldsOf(together)]).toEqual([422, 'unprocessable', ['conversation.commitPauseMs']]);
    expect((await save(agentId, { speeed: 1 })).status).toBe(400);
    expect((await save(agentId, { responder: { kind: 'flow', prompt: 'x' } })).status).toBe(422);
  });

  it('saves, lists the versions, shows one and goes back to it', async () => {
    const agentId = await newAgent();
    expect(await save(agentId, { voice: 'es+f2', comment: 'warmer', expectedVersion: 1 })).toMatchObject({
      status: 200,
      body: { version: 2, voice: 'es+f2' },
    });
    expect(await save(agentId, { voice: 'es+f3', expectedVersion: 1 })).toMatchObject({ status: 409, body: { code: 'conflict' } });
    const first = await api.asToken(token, `/agents/${agentId}/versions?limit=1`);
    expect(first.body['versions']).toMatchObject([{ version: 2, comment: 'warmer', restoredFrom: null }]);
    const second = await api.asToken(token, `/agents/${agentId}/versions?limit=1&cursor=${String(first.body['nextCursor'])}`);
    expect(second.body).toMatchObject({ versions: [{ version: 1 }], nextCursor: null });
    expect((await api.asToken(token, `/agents/${agentId}/versions/1`)).body).toMatchObject({ ...draft, version: 1 });
    const back = await api.asToken(token, `/agents/${agentId}/rollback`, { method: 'POST', body: { version: 1 } });
    expect(back).toMatchObject({ status: 200, body: { version: 3, voice: draft.voice } });
    expect((await api.asToken(token, `/agents/${agentId}/rollback`, { method: 'POST', body: { version: 7 } })).status).toBe(404);
    expect((await api.asToken(token, `/agents/${agentId}/versions/7`)).status).toBe(404);
    expect((await api.asToken(token, `/agents/${agentId}/versions/x`)).status).toBe(400);
  });

  it('lets a call after a rollback be answered by the old flow', async () => {
    const agentId = await newAgent();
    await api.asAdmin(`/admin/agents/${agentId}/provision`, { method: 'POST', body: { number: '+34910000010' } });
    const flow = { ...draft.flow, nodes: draft.flow.nodes.with(0, { ...draft.flow.nodes[0]!, prompt: 'Texto nuevo.' }) };
    // Each call comes to a process that remembers nothing.
    const heard = async () => {
      const routing = createCallRoutingStore({ database: test.database, clock: systemClock, log: silentLog });
      return (await routing.findRoute('+34910000010', { signal }))?.agent.flow.nodes[0]?.prompt;
    };
    expect(await heard()).toBe(draft.flow.nodes[0]!.prompt);
    await save(agentId, { flow });
    expect(await heard()).toBe('Texto nuevo.');
    await api.asToken(token, `/agents/${agentId}/rollback`, { method: 'POST', body: { version: 1 } });
    expect(await heard()).toBe(draft.flow.nodes[0]!.prompt);
    await api.asAdmin(`/admin/agents/${agentId}/deactivate`, { method: 'POST' });
    expect(await heard()).toBeUndefined();
  });

  it('walks an agent through its states and refuses to remove one that is in use', async () => {
    const agentId = await newAgent();
    const act = (verb: string, body?: unknown) => api.asAdmin(`/admin/agents/${agentId}/${verb}`, { method: 'POST', body });
    expect(await act('activate')).toMatchObject({ status: 409 });
    expect(await act('provision', { number: '0' })).toMatchObject({ status: 400 });
    expect(await act('provision', { number: '4001' })).toMatchObject({ status: 200, body: { state: 'active' } });
    expect(await act('deactivate')).toMatchObject({ status: 200, body: { state: 'inactive' } });
    expect(await act('activate')).toMatchObject({ status: 200, body: { state: 'active' } });
    const removal = await api.asAdmin(`/admin/agents/${agentId}`, { method: 'DELETE' });
    expect(removal).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(removal.body['detail']).toContain('deactivate');
    const unused = await newAgent();
    expect((await api.asAdmin(`/admin/agents/${unused}`, { method: 'DELETE' })).status).toBe(204);
    expect((await api.asAdmin(`/admin/agents/${unused}`)).status).toBe(404);
  });

  it("answers for another organization's agent and number as for unknown ones", async () => {
    const agentId = await newAgent();
    const created = await api.asAdmin(`/admin/organizations/${orgId}/numbers`, {
      method: 'POST',
      body: { number: '+34910000020', agentId },
    });
    const numberId = String(created.body['numberId']);
    const asked = async (path: string, method: string, body?: unknown) => {
      const { status, body: problem } = await api.asToken(otherToken, path, { method, body });
      const { requestId: _requestId, ...rest } = problem;
      return { status, rest };
    };
    const attempts: [(id: string) => string, string, string, string, unknown?][] = [
      [(id) => `/agents/${id}`, agentId, newId('agent'), 'GET'],
      [(id) => `/agents/${id}`, agentId, newId('agent'), 'PATCH', { voice: '' }],
      [(id) => `/agents/${id}/versions`, agentId, newId('agent'), 'GET'],
      [(id) => `/agents/${id}/versions/1`, agentId, newId('agent'), 'GET'],
      [(id) => `/agents/${id}/rollback`, agentId, newId('agent'), 'POST', { version: 1 }],
      [(id) => `/numbers/${id}`, numberId, newId('number'), 'GET'],
      [(id) => `/numbers/${id}`, numberId, newId('number'), 'PATCH', { agentId: newId('agent') }],
    ];
    for (const [path, theirs, unknown, method, body] of attempts) {
      const answer = await asked(path(theirs), method, body);
      expect([path('x'), answer.status]).toEqual([path('x'), 404]);
      expect(answer).toEqual(await asked(path(unknown), method, body));
    }
    expect((await api.asToken(token, `/agents/${agentId}`)).body).toMatchObject({ version: 1 });
  });

  it('gives out numbers, moves them between agents of one organization and takes them back', async () => {
    const [first, second] = [await newAgent(), await newAgent()];
    const foreign = String(((await api.asToken(otherToken, '/agents')).body['agents'] as { agentId: string }[])[0]?.agentId);
    const give = (body: unknown, organizationId: string = orgId) =>
      api.asAdmin(`/admin/organizations/${organizationId}/numbers`, { method: 'POST', body });
    const created = await give({ number: '+34910000030', agentId: first });
    expect(created).toMatchObject({ status: 201, body: { organizationId: orgId, number: '+34910000030', agentId: first } });
    const numberId = String(created.body['numberId']);
    for (const number of ['12345678901234567890123', '1', '+', '+34 910', 'abc', ''])
      expect([number, (await give({ number, agentId: first })).status]).toEqual([number, 400]);
    const taken = await give({ number: '+34910000030', agentId: foreign }, otherOrgId);
    expect(taken).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(JSON.stringify(taken.body)).not.toContain(orgId);
    expect(await give({ number: '+34910000031', agentId: foreign })).toMatchObject({
      status: 422,
      body: { fields: [{ path: 'agentId' }] },
    });
    const lead = (agentId: string) => api.asToken(token, `/numbers/${numberId}`, { method: 'PATCH', body: { agentId } });
    expect(await lead(second)).toMatchObject({ status: 200, body: { agentId: second } });
    expect(await lead(foreign)).toMatchObject({ status: 422, body: { fields: [{ path: 'agentId' }] } });
    expect((await api.asAdmin(`/admin/numbers/${numberId}`)).body).toMatchObject({ agentId: second });
    expect(await api.asAdmin(`/admin/numbers/${numberId}`, { method: 'PATCH', body: { agentId: first } })).toMatchObject({ status: 200 });
    const actions = await test.asSuperuser(
      `select action, actor_kind, details from audit_entries where resource = '${numberId}' order by seq`,
    );
    expect(actions.map(({ action, actor_kind: actor }) => [action, actor])).toEqual([
      ['number.created', 'admin'],
      ['number.led', 'token'],
      ['number.led', 'admin'],
    ]);
    expect((await api.asAdmin(`/admin/numbers/${numberId}`, { method: 'DELETE' })).status).toBe(204);
    expect((await api.asToken(token, `/numbers/${numberId}`)).status).toBe(404);
  });

  it('pages through agents and numbers, and filters by organization for the admin alone', async () => {
    for (const what of ['agents', 'numbers'] as const) {
      const all = (await api.asToken(token, `/${what}?limit=100`)).body[what] as unknown[];
      const seen: unknown[] = [];
      for (let next: string | null = ''; next !== null;) {
        const { body } = await api.asToken(token, `/${what}?limit=1${next}`);
        seen.push(...(body[what] as unknown[]));
        const cursor = body['nextCursor'] as string | null;
        next = cursor === null ? null : `&cursor=${cursor}`;
      }
      expect(all.length).toBeGreaterThan(1);
      expect(seen).toEqual(all);
      expect((await api.asAdmin(`/admin/${what}?organizationId=${orgId}&limit=100`)).body[what]).toEqual(all);
      expect((await api.asAdmin(`/admin/${what}?organizationId=org_x`)).status).toBe(400);
      expect((await api.asToken(token, `/${what}?organizationId=${otherOrgId}`)).status).toBe(400);
    }
  });

  it('asks for the scope that writes, where something is written', async () => {
    const reader = await api.tokenFor(orgId, ['agent:read']);
    const agentId = await newAgent();
    expect((await api.asToken(reader, `/agents/${agentId}`)).status).toBe(200);
    expect((await api.asToken(reader, `/agents/${agentId}`, { method: 'PATCH', body: { voice: '' } })).status).toBe(403);
    expect((await api.asToken(reader, `/agents/${agentId}/rollback`, { method: 'POST', body: { version: 1 } })).status).toBe(403);
  });

  it('documents what a flow must have and what it may have', async () => {
    const { body } = await api.ask('/openapi.json');
    const { schemas } = body['components'] as { schemas: Record<string, { required?: string[]; properties?: Record<string, unknown> }> };
    expect(schemas['AgentChange']?.required ?? []).toEqual([]);
    expect(Object.keys(schemas['AgentChange']?.properties ?? {})).toEqual(
      expect.arrayContaining(['flow', 'conversation', 'expectedVersion']),
    );
    const nodes = schemas['Flow']?.properties?.['nodes'] as { items: { required: string[] } } | undefined;
    expect(nodes?.items.required.toSorted()).toEqual(['action', 'name', 'prompt', 'transitions']);
  });
});
