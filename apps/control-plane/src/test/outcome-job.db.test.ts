import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { agents } from '#db/schema/agents.ts';
import { contacts } from '#db/schema/contacts.ts';
import { conversations, turnTraces } from '#db/schema/conversations.ts';
import { organizations } from '#db/schema/organizations.ts';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import { clinicEs } from '#dialog/demo/clinic-es.ts';
import type { AgentDraft } from '#dialog/flow-schema.ts';
import { toAgentRow } from '#features/agents/agent-store.ts';
import { createAgentStore } from '#features/agents/agent-store.ts';
import { createCallEventWriter, queued } from '#features/calls/call-event-writer.ts';
import { createCallStore } from '#features/calls/call-store.ts';
import type { ClaimedJob, JobQueueStore } from '#features/jobs/job-queue-store.ts';
import { createJobQueueStore } from '#features/jobs/job-queue-store.ts';
import type { CallEvent } from '#ports/call-event.ts';
import type { LanguageModel } from '#ports/language-model.ts';
import { openScriptedLanguageModel } from '#ports/testing/scripted-language-model.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import type { CallId } from '#shared/id.ts';
import { newId } from '#shared/id.ts';
import { silentLog } from '#shared/log.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { createOutcomeJob } from '#features/outcomes/outcome-job.ts';
import type { OutcomeStore } from '#features/outcomes/outcome-store.ts';
import { createOutcomeStore } from '#features/outcomes/outcome-store.ts';

const appliance = mintApplianceScope();
const at = (ms: number) => new Date(Date.parse('2026-11-21T10:00:00Z') + ms);
const CALLER = '+34600000001';
const draft: AgentDraft = {
  ...clinicEs({ organizationName: 'Clínica', destination: '2001' }),
  afterCall: {
    fields: [
      { name: 'caller_name', description: 'El nombre', type: 'text', remember: true },
      { name: 'reason', description: 'El motivo', type: 'choice', choices: ['cita', 'queja'] },
    ],
    dispositions: [{ name: 'booked', description: 'Se dio cita' }],
  },
};
const goodAnswer = JSON.stringify({
  summary: { value: 'Ana pidió una cita.', turns: [2] },
  sentiment: { value: 'positive', turns: [4] },
  disposition: { value: 'booked', turns: [4] },
  fields: { caller_name: { value: 'Ana', turns: [2] }, reason: { value: 'cita', turns: [88] } },
});

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('the work after a call on $kind', (kind) => {
  let test: TestDatabase;
  let queue: JobQueueStore;
  let outcomes: OutcomeStore;
  let scope: OrgScope;
  const agentId = newId('agent');

  beforeAll(async () => {
    test = await kind.open();
    queue = createJobQueueStore(test.database);
    outcomes = createOutcomeStore(test.database);
    scope = mintOrgScope(newId('organization'));
    const orgId = scope.organizationId;
    const { agentId: id, ...columns } = toAgentRow({ agentId, ...draft });
    await test.database.inAppliance(appliance, async (queries) => {
      await queries.insert(organizations).values({ id: orgId, name: 'Organization', slug: 'outcomes' });
      await queries.insert(agents).values({ orgId, id, ...columns });
    });
  });
  afterEach(async () => {
    for (const table of ['jobs', 'call_outcomes', 'contacts']) await test.asSuperuser(`delete from ${table}`);
  });
  afterAll(() => test[Symbol.asyncDispose]());

  function events(callId: CallId, { isAnswered = true, isSilent = false } = {}): CallEvent[] {
    const call = { scope, callId };
    const leg = { agentId, legId: 'leg', dialledNumber: '1001', callerNumber: CALLER, recordingPath: null };
    const said = (seq: number, text: string): CallEvent => ({
      ...call,
      at: at(seq * 1_000),
      kind: 'turn_recorded',
      turn: {
        seq,
        role: seq % 2 ? 'agent' : 'caller',
        text,
        input: seq % 2 ? null : 'speech',
        startedAt: at(seq * 1_000),
        endedAt: at(seq * 1_000 + 500),
        heardMs: null,
        interrupted: false,
        latency: null,
      },
    });
    const turns = ['Buenos días', 'Soy Ana, quiero una cita', '¿Mañana a las diez?', 'Perfecto, gracias'].map((text, index) =>
      said(index + 1, text),
    );
    return [
      { ...call, ...leg, at: at(0), kind: 'call_started' },
      ...(isAnswered ? [{ ...call, at: at(50), kind: 'call_answered' as const, setupMs: 50 }] : []),
      ...(isSilent ? turns.slice(0, 1) : turns),
      { ...call, at: at(9_000), kind: 'call_ended', outcome: 'completed', reason: 'over', durationMs: 9_000 },
    ];
  }
  async function endedCall(options?: Parameters<typeof events>[1]): Promise<CallId> {
    const callId = newId('call');
    await createCallEventWriter({ database: test.database, log: silentLog })(events(callId, options).map(queued));
    return callId;
  }
  const claim = async (leaseMs = 60_000): Promise<ClaimedJob> => {
    const [job] = await queue.claim(appliance, { kinds: ['call_outcome'], limit: 1, leaseMs });
    if (!job) throw new Error('no job was left');
    return job;
  };
  const handlerWith = (languageModel: LanguageModel | null) =>
    createOutcomeJob({ calls: createCallStore(test.database), agents: createAgentStore(test.database), outcomes, languageModel });
  const run = async (job: ClaimedJob, languageModel: LanguageModel | null) =>
    queue.finish(job, await handlerWith(languageModel).run(job, { signal: AbortSignal.timeout(10_000), log: silentLog }));
  const consent = (given: 'granted' | 'refused') =>
    test.database.inOrg(scope, (queries) =>
      queries.insert(contacts).values({
        orgId: scope.organizationId,
        id: newId('contact'),
        number: CALLER,
        consent: given,
        consentAt: at(0),
        consentSource: 'test',
        lastSeenAt: at(-1_000),
      }),
    );
  const factsKept = () => test.asSuperuser('select name, value, source_id, turns from contact_facts');

  it('keeps what a model found in the call, and drops what the call does not show', async () => {
    const callId = await endedCall();
    expect(await outcomes.find(scope, callId)).toEqual({ kind: 'pending', attempts: 0 });
    const model = openScriptedLanguageModel([{ deltas: [goodAnswer] }]);
    expect(await run(await claim(), model)).toBe(true);
    expect(await outcomes.find(scope, callId)).toMatchObject({
      kind: 'done',
      outcome: {
        method: 'language_model',
        summary: { value: 'Ana pidió una cita.', turns: [2] },
        sentiment: { value: 'positive', turns: [4] },
        disposition: { value: 'booked', turns: [4] },
        fields: [{ name: 'caller_name', value: 'Ana', turns: [2] }],
        notes: [{ about: 'field:reason', reason: expect.stringContaining('turn 88') as string }],
      },
    });
    expect(model.requests[0]?.messages[1]?.text).toContain('[2] caller: Soy Ana, quiero una cita');
    expect(await test.asSuperuser("select number, consent, last_seen_at = '2026-11-21T10:00:00Z' as seen from contacts")).toEqual([
      { number: CALLER, consent: 'unknown', seen: true },
    ]);
    expect(await factsKept()).toEqual([]);
  });

  it('asks the model once more when its answer cannot be used, and leaves a call that it cannot read to the rules', async () => {
    const repaired = await endedCall();
    await run(await claim(), openScriptedLanguageModel([{ deltas: ['I think that'] }, { deltas: [goodAnswer] }]));
    expect(await outcomes.find(scope, repaired)).toMatchObject({ outcome: { method: 'language_model' } });
    const unread = await endedCall();
    await run(await claim(), openScriptedLanguageModel([{ deltas: ['no'] }, { deltas: ['{}'] }]));
    expect(await outcomes.find(scope, unread)).toMatchObject({ outcome: { method: 'rules', notes: [{ about: 'model' }] } });
  });

  it('fails when the model is away, so that it is tried again', async () => {
    const callId = await endedCall();
    const job = await claim();
    await expect(run(job, openScriptedLanguageModel([{ deltas: ['{'], fails: 'retryable' }]))).rejects.toMatchObject({
      name: 'InferenceError',
    });
    expect(await queue.fail(appliance, job, { error: 'language model: scripted failure', retryInMs: null })).toBe('dead');
    expect(await outcomes.find(scope, callId)).toMatchObject({ kind: 'failed', attempts: 1 });
  });

  it('is done by rules without a model, with fields from the flow, and asks no model about a call in which nobody spoke', async () => {
    const callId = await endedCall();
    await test.database.inOrg(scope, async (queries) => {
      const one = { orgId: scope.organizationId, id: callId, channel: 'call', callId, agentId } as const;
      await queries.insert(conversations).values({ ...one, state: { slots: { caller_name: 'Ana', reason: 'otra' } }, turns: 4 });
      const of = { orgId: scope.organizationId, conversationId: callId };
      await queries.insert(turnTraces).values([
        { ...of, seq: 1, trace: { slots: {} } },
        { ...of, seq: 3, trace: { slots: { caller_name: 'Ana', reason: 'otra' } } },
      ]);
    });
    await run(await claim(), null);
    expect(await outcomes.find(scope, callId)).toMatchObject({
      outcome: {
        method: 'rules',
        sentiment: null,
        fields: [{ name: 'caller_name', value: 'Ana', turns: [2] }],
        notes: [{ about: 'field:reason' }],
      },
    });
    const silent = await endedCall({ isSilent: true });
    const model = openScriptedLanguageModel();
    await run(await claim(), model);
    expect(model.requests).toEqual([]);
    expect(await outcomes.find(scope, silent)).toMatchObject({ outcome: { method: 'rules' } });
  });

  it('makes nothing of a call that was never answered, or that is deleted by then', async () => {
    const unanswered = await endedCall({ isAnswered: false });
    expect(await run(await claim(), null)).toBe(true);
    expect(await outcomes.find(scope, unanswered)).toEqual({ kind: 'none' });
    const gone = await endedCall();
    const job = await claim();
    const write = await handlerWith(null).run(job, { signal: AbortSignal.timeout(10_000), log: silentLog });
    await test.asSuperuser(`delete from calls where id = '${gone}'`);
    expect(await queue.finish(job, write)).toBe(true);
    expect(await outcomes.find(scope, gone)).toBeNull();
    expect(await test.asSuperuser(`select from call_outcomes where call_id = '${gone}'`)).toEqual([]);
  });

  it('has one result when its worker dies in the middle and comes back later than the one that took over', async () => {
    const callId = await endedCall();
    const slow = await claim(1);
    const late = await handlerWith(null).run(slow, { signal: AbortSignal.timeout(10_000), log: silentLog });
    await sleep(20);
    expect(await queue.reap(appliance)).toEqual({ returned: 1, dead: 0 });
    expect(await run(await claim(), openScriptedLanguageModel([{ deltas: [goodAnswer] }]))).toBe(true);
    expect(await queue.finish(slow, late)).toBe(false);
    expect(await test.asSuperuser(`select method from call_outcomes where call_id = '${callId}'`)).toEqual([{ method: 'language_model' }]);
  });

  it.each(['granted', 'refused'] as const)('keeps facts of a caller who has consented, and of nobody else: %s', async (given) => {
    await consent(given);
    const callId = await endedCall();
    await run(await claim(), openScriptedLanguageModel([{ deltas: [goodAnswer] }]));
    const kept = given === 'granted' ? [{ name: 'caller_name', value: 'Ana', source_id: callId, turns: [2] }] : [];
    expect(await factsKept()).toEqual(kept);
  });

  it('shows nothing to another organization', async () => {
    const callId = await endedCall();
    await run(await claim(), null);
    expect(await outcomes.find(mintOrgScope(newId('organization')), callId)).toBeNull();
  });
});
