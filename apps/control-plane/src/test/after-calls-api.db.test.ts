// What calls leave behind, over the API: their outcomes, the contacts that made them, and the jobs that were given up.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import { createCallEventWriter, queued } from '#features/calls/call-event-writer.ts';
import { createOutcomeJob } from '#features/outcomes/outcome-job.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import type { CallId, OrganizationId } from '#shared/id.ts';
import { newId } from '#shared/id.ts';
import { silentLog } from '#shared/log.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import type { TestApi } from './test-api.ts';
import { addTestOrganization, openTestApi } from './test-api.ts';

const appliance = mintApplianceScope();
const at = new Date('2026-11-21T10:00:00Z');
const NUMBER = '+34600000001';

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('what calls leave behind, over the API on $kind', (kind) => {
  let test: TestDatabase;
  let api: TestApi;
  let ours: OrganizationId;
  let theirs: OrganizationId;
  let token: string;

  beforeAll(async () => {
    test = await kind.open();
    api = await openTestApi(test);
    ours = await addTestOrganization(test, 'ours');
    theirs = await addTestOrganization(test, 'theirs');
    token = await api.tokenFor(ours, ['calls:read', 'calls:write']);
  });
  beforeEach(async () => {
    for (const table of ['jobs', 'contacts', 'calls']) await test.asSuperuser(`delete from ${table}`);
  });
  afterAll(async () => {
    await api[Symbol.asyncDispose]();
    await test[Symbol.asyncDispose]();
  });

  async function endCall(organizationId: OrganizationId, callerNumber = NUMBER): Promise<CallId> {
    const call = { scope: mintOrgScope(organizationId), callId: newId('call'), at };
    const leg = { agentId: newId('agent'), legId: 'leg', dialledNumber: '1001', callerNumber, recordingPath: null };
    const said = { input: 'speech' as const, heardMs: null, interrupted: false, latency: null };
    await createCallEventWriter({ database: test.database, log: silentLog })(
      [
        { ...call, ...leg, kind: 'call_started' as const },
        { ...call, kind: 'call_answered' as const, setupMs: 1 },
        {
          ...call,
          kind: 'turn_recorded' as const,
          turn: { seq: 1, role: 'caller' as const, text: 'Hola', startedAt: at, endedAt: at, ...said },
        },
        { ...call, kind: 'call_ended' as const, outcome: 'caller_hung_up' as const, reason: 'over', durationMs: 4_000 },
      ].map(queued),
    );
    return call.callId;
  }
  async function doJobs(): Promise<void> {
    const handler = createOutcomeJob({ ...api.office, languageModel: null });
    for (const job of await api.office.jobQueue.claim(appliance, { kinds: ['call_outcome'], limit: 10, leaseMs: 60_000 })) {
      const write = await handler.run(job, { signal: AbortSignal.timeout(10_000), log: silentLog });
      await api.office.jobQueue.finish(job, write);
    }
  }
  const ask = (path: string, method = 'GET', body?: unknown) =>
    api.asToken(token, path, { method, ...(body === undefined ? {} : { body }) });
  const auditOf = (action: string) =>
    test.asSuperuser(`select resource, details from audit_entries where action = '${action}' order by seq`);
  async function contactOf(number = NUMBER): Promise<string> {
    const { body } = await ask(`/contacts?number=${encodeURIComponent(number)}`);
    return (body['contacts'] as { contactId: string }[])[0]!.contactId;
  }

  it('an outcome is pending, then there, with what it was made by', async () => {
    const callId = await endCall(ours);
    expect((await ask(`/calls/${callId}/outcome`)).body).toEqual({
      callId,
      state: 'pending',
      reason: 'the work has not begun yet',
      outcome: null,
    });
    await doJobs();
    expect((await ask(`/calls/${callId}/outcome`)).body).toMatchObject({
      callId,
      state: 'done',
      reason: null,
      outcome: {
        method: 'rules',
        summary: { value: 'The call took 4 s; the caller hung up. The caller spoke once.', turns: [] },
        sentiment: null,
        disposition: null,
        fields: [],
      },
    });
  });

  it('a job that was given up is told to the client without its fault, to the admin with it, and is done when it is asked for again', async () => {
    const callId = await endCall(ours);
    const [job] = await api.office.jobQueue.claim(appliance, { kinds: ['call_outcome'], limit: 1, leaseMs: 60_000 });
    await api.office.jobQueue.fail(appliance, job!, { error: 'connect 10.0.0.9:8001', retryInMs: null });
    const told = await ask(`/calls/${callId}/outcome`);
    expect(told.body).toMatchObject({ state: 'failed', outcome: null });
    expect(JSON.stringify(told.body)).not.toContain('10.0.0.9');
    const listed = await api.asAdmin(`/admin/jobs?organizationId=${ours}`);
    expect(listed.body['jobs']).toMatchObject([{ jobId: job!.jobId, key: callId, state: 'dead', lastError: 'connect 10.0.0.9:8001' }]);
    const retried = await api.asAdmin(`/admin/jobs/${job!.jobId}/retry`, { method: 'POST' });
    expect(retried).toMatchObject({ status: 200, body: { state: 'ready', attempts: 0, endedAt: null } });
    expect(await auditOf('job.retried')).toEqual([{ resource: job!.jobId, details: { kind: 'call_outcome', key: callId } }]);
    expect(await api.asAdmin(`/admin/jobs/${job!.jobId}/retry`, { method: 'POST' })).toMatchObject({ status: 409 });
    await doJobs();
    expect((await ask(`/calls/${callId}/outcome`)).body).toMatchObject({ state: 'done' });
    expect((await api.asAdmin('/admin/jobs')).body['jobs']).toEqual([]);
  });

  it('jobs are listed by pages and by state, of one organization or of all', async () => {
    for (let index = 0; index < 3; index += 1) await endCall(ours);
    await endCall(theirs);
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await api.asAdmin(`/admin/jobs?state=ready&limit=2${cursor}`);
      seen.push(...(body['jobs'] as { jobId: string }[]).map(({ jobId }) => jobId));
      cursor = body['nextCursor'] === null ? '' : `&cursor=${body['nextCursor'] as string}`;
    } while (cursor !== '');
    // Two for each call: what it came to, and how long its caller waited.
    expect([seen.length, new Set(seen).size]).toEqual([8, 8]);
    expect((await api.asAdmin(`/admin/jobs?state=ready&organizationId=${theirs}`)).body['jobs']).toHaveLength(2);
    expect((await api.asAdmin('/admin/jobs?state=lost')).status).toBe(400);
  });

  it('whoever called is a contact, of whom nothing is remembered before a consent', async () => {
    await endCall(ours);
    await endCall(ours);
    await endCall(ours, '');
    await endCall(theirs, '+34600000002');
    await doJobs();
    const { body } = await ask('/contacts');
    expect(body).toMatchObject({ contacts: [{ number: NUMBER, consent: 'unknown', consentAt: null }], nextCursor: null });
    const scope = mintOrgScope(ours);
    const learned = { number: NUMBER, conversationId: newId('call'), facts: [{ name: 'caller_name', value: 'Ana', turns: [1] }] };
    expect(await api.office.contactMemory.remember(scope, learned)).toBe('no_consent');
    expect(await api.office.contactMemory.recall(scope, NUMBER)).toEqual({ consent: 'unknown', facts: [] });
  });

  it('a consent lets facts be kept, newer in the place of older, and a refusal forgets them at once', async () => {
    await endCall(ours);
    await doJobs();
    const contactId = await contactOf();
    const granted = await ask(`/contacts/${contactId}`, 'PATCH', { consent: 'granted' });
    expect(granted).toMatchObject({ status: 200, body: { consent: 'granted', consentSource: expect.stringMatching(/^tok_/) as string } });
    const scope = mintOrgScope(ours);
    const { contactMemory } = api.office;
    const remember = (value: string) =>
      contactMemory.remember(scope, { number: NUMBER, conversationId: 'call_x', facts: [{ name: 'caller_name', value, turns: [1] }] });
    expect([await remember('Ana'), await remember('Anna')]).toEqual(['remembered', 'remembered']);
    expect((await ask(`/contacts/${contactId}`)).body['facts']).toMatchObject([{ name: 'caller_name', value: 'Anna', sourceId: 'call_x' }]);
    expect(await contactMemory.recall(mintOrgScope(theirs), NUMBER)).toEqual({ consent: 'unknown', facts: [] });
    await contactMemory.setConsent(scope, { number: NUMBER, consent: 'refused', conversationId: 'call_y' });
    expect((await ask(`/contacts/${contactId}`)).body).toMatchObject({ consent: 'refused', consentSource: 'call_y', facts: [] });
    expect(await remember('Ana')).toBe('no_consent');
    expect(await auditOf('contact.consent_changed')).toEqual([
      { resource: contactId, details: { consent: 'granted' } },
      { resource: contactId, details: { consent: 'refused' } },
    ]);
    expect((await ask(`/contacts/${contactId}`, 'PATCH', { consent: 'unknown' })).status).toBe(400);
  });

  it('a contact is erased with all that is remembered, and nothing in the log names its number', async () => {
    await endCall(ours);
    await doJobs();
    const contactId = await contactOf();
    await ask(`/contacts/${contactId}`, 'PATCH', { consent: 'granted' });
    const learned = { number: NUMBER, conversationId: 'call_x', facts: [{ name: 'vip', value: true, turns: [1] }] };
    await api.office.contactMemory.remember(mintOrgScope(ours), learned);
    const stranger = await api.tokenFor(theirs, ['calls:read', 'calls:write']);
    expect((await api.asToken(stranger, `/contacts/${contactId}`, { method: 'DELETE' })).status).toBe(404);
    expect((await ask(`/contacts/${contactId}`, 'DELETE')).status).toBe(204);
    expect((await ask(`/contacts/${contactId}`, 'DELETE')).status).toBe(404);
    expect(await test.asSuperuser('select from contact_facts')).toEqual([]);
    expect(await auditOf('contact.erased')).toEqual([{ resource: contactId, details: {} }]);
    expect(await test.asSuperuser(`select from audit_entries where details::text like '%${NUMBER}%'`)).toEqual([]);
  });
});
