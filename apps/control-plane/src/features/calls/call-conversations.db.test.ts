import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agents } from '#db/schema/agents.ts';
import { organizations } from '#db/schema/organizations.ts';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import { openDialog } from '#dialog/agent-turn.ts';
import { clinicEs } from '#dialog/demo/clinic-es.ts';
import type { ConversationState } from '#dialog/dialog.ts';
import type { CallEvent, ConversationSnapshot } from '#ports/call-event.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import type { CallId } from '#shared/id.ts';
import { newId } from '#shared/id.ts';
import { silentLog } from '#shared/log.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { createCallEventWriter, queued } from './call-event-writer.ts';

const at = new Date('2026-11-21T10:00:00Z');

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('the conversation of a call on $kind', (kind) => {
  let test: TestDatabase;
  const scope = mintOrgScope(newId('organization'));
  const agentId = newId('agent');
  beforeAll(async () => {
    test = await kind.open();
    await test.database.inAppliance(mintApplianceScope(), async (queries) => {
      await queries.insert(organizations).values({ id: scope.organizationId, name: 'Organization', slug: 'own' });
      await queries.insert(agents).values({ orgId: scope.organizationId, id: agentId, name: 'A', language: 'es', voice: '', profile: {} });
    });
  });
  afterAll(() => test[Symbol.asyncDispose]());

  const write = (events: CallEvent[]) =>
    createCallEventWriter({ database: test.database, log: silentLog })(events.map((event) => queued(event)));
  const started = (callId: CallId): CallEvent => {
    const numbers = { dialledNumber: '1001', callerNumber: '', recordingPath: null };
    return { kind: 'call_started', scope, callId, at, agentId, legId: 'leg', ...numbers };
  };
  const said = (callId: CallId, seq: number, conversation: ConversationSnapshot | null): CallEvent => {
    const turn = { seq, role: 'agent' as const, text: 'Hola', input: null, startedAt: at, endedAt: at, heardMs: 1, interrupted: false };
    return { kind: 'turn_recorded', scope, callId, at, turn: { ...turn, latency: null }, conversation };
  };
  const stored = (callId: CallId) =>
    test.asSuperuser(`select channel, call_id, agent_id, state, turns from conversations where id = '${callId}'`);
  const traces = (callId: CallId) =>
    test.asSuperuser(`select seq, trace from turn_traces where conversation_id = '${callId}' order by seq`);

  it('stands where its last turn left it, with a trace of every turn of the agent', async () => {
    const callId = newId('call');
    await write([
      started(callId),
      said(callId, 0, { state: { node: 'menu' }, trace: { node: 'menu' } }),
      said(callId, 1, null),
      said(callId, 2, { state: { node: 'day' }, trace: { node: 'day' } }),
    ]);
    expect(await stored(callId)).toEqual([{ channel: 'call', call_id: callId, agent_id: agentId, state: { node: 'day' }, turns: 3 }]);
    expect(await traces(callId)).toEqual([
      { seq: 0, trace: { node: 'menu' } },
      { seq: 2, trace: { node: 'day' } },
    ]);
  });

  it('never goes back to an older turn, however late that one is written again', async () => {
    const callId = newId('call');
    const older = said(callId, 0, { state: { node: 'menu' }, trace: null });
    await write([started(callId), older]);
    await write([said(callId, 2, { state: { node: 'day' }, trace: null })]);
    await write([older]);
    expect(await stored(callId)).toMatchObject([{ state: { node: 'day' }, turns: 3 }]);
  });

  it('is gone on with from its row by an agent that is opened anew, as by another process', async () => {
    const callId = newId('call');
    const { name: _name, ...profile } = clinicEs({ organizationName: 'Clínica', destination: '2001' });
    const takeTurn = async (from: ConversationState | null, text: string) => {
      const dialog = openDialog(profile, { languageModel: null });
      const input = { kind: 'said', text, confidence: 1 } as const;
      const prepared = dialog.prepare(from ?? dialog.open(), input, { signal: new AbortController().signal });
      let reply = '';
      for await (const textDelta of prepared.textDeltas) reply += textDelta;
      return { state: dialog.withHeard((await prepared.result).state, reply), reply };
    };
    const first = await takeTurn(null, 'quiero una cita');
    await write([started(callId), said(callId, 1, { state: first.state, trace: null })]);
    const [row] = await stored(callId);
    const second = await takeTurn(row?.['state'] as ConversationState, 'el lunes');
    expect(second.state).toMatchObject({ node: 'booking_hour', slots: { day: 'lunes' } });
    expect(second.state.history.map(({ text }) => text)).toEqual(['quiero una cita', first.reply.trim(), 'el lunes', second.reply.trim()]);
  });

  it('is not there before a turn changed it, and goes with its call', async () => {
    const callId = newId('call');
    await write([started(callId), said(callId, 0, null)]);
    expect(await stored(callId)).toEqual([]);
    await write([said(callId, 1, { state: { node: 'menu' }, trace: { node: 'menu' } })]);
    await test.asSuperuser(`delete from calls where id = '${callId}'`);
    expect([await stored(callId), await traces(callId)]).toEqual([[], []]);
  });
});
