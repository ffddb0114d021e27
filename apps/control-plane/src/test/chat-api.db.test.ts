// Talking to an agent over the API: turns, their state, their traces, two at once, and streams.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agents } from '#db/schema/agents.ts';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import { openDialog } from '#dialog/agent-turn.ts';
import { clinicEs } from '#dialog/demo/clinic-es.ts';
import type { Dialog, PreparedTurn } from '#dialog/dialog.ts';
import { InferenceError } from '#ports/inference-error.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import type { OrganizationId } from '#shared/id.ts';
import { newId } from '#shared/id.ts';
import type { Answer, TestApi } from './test-api.ts';
import { addTestOrganization, openTestApi } from './test-api.ts';

const agentId = newId('agent');

/** The real agent, made to wait or to fail by what the caller says. */
function trickyAgent(dialog: Dialog, gate: { open: Promise<void> }): Dialog {
  const failing = (): PreparedTurn => {
    const error = new InferenceError({ role: 'language_model', message: 'connect 10.0.0.9:8001', isRetryable: false });
    const result = Promise.reject<never>(error);
    result.catch(() => {});
    async function* textDeltas(): AsyncGenerator<string> {
      yield await result;
    }
    return { textDeltas: textDeltas(), result };
  };
  return {
    ...dialog,
    prepare(state, input, options) {
      if (input.kind === 'said' && input.text === 'break') return failing();
      const prepared = dialog.prepare(state, input, options);
      if (input.kind !== 'said' || input.text !== 'wait') return prepared;
      async function* late(): AsyncGenerator<string> {
        await gate.open;
        yield* prepared.textDeltas;
      }
      return { ...prepared, textDeltas: late() };
    },
  };
}

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('the chat API on $kind', (kind) => {
  let test: TestDatabase;
  let api: TestApi;
  let ours: OrganizationId;
  let token: string;
  const gate = { open: Promise.resolve() };

  beforeAll(async () => {
    test = await kind.open();
    api = await openTestApi(test, { openDialog: async (agent) => trickyAgent(openDialog(agent, { languageModel: null }), gate) });
    ours = await addTestOrganization(test, 'ours');
    const { name, language, voice, ...profile } = clinicEs({ organizationName: 'Clínica', destination: '2001' });
    await test.database.inAppliance(mintApplianceScope(), (queries) =>
      queries.insert(agents).values({ orgId: ours, id: agentId, name, language, voice, profile }),
    );
    token = await api.tokenFor(ours, ['calls:read', 'calls:write']);
  });
  afterAll(async () => {
    await api[Symbol.asyncDispose]();
    await test[Symbol.asyncDispose]();
  });

  const chat = (body: object): Promise<Answer> => api.asToken(token, '/chat', { method: 'POST', body });
  const begin = async (): Promise<string> => String((await chat({ agentId, message: 'quiero una cita' })).body['conversationId']);

  it('is opened by the agent when nothing is said, and goes on turn by turn to its end', async () => {
    const opened = await chat({ agentId, channelData: { page: '/precios' } });
    expect(opened.body).toMatchObject({ turn: 0, node: 'menu', agentVersion: 1, nextStep: { kind: 'listen' } });
    expect(opened.body['reply']).toContain('Clínica, buenos días');
    const conversationId = String(opened.body['conversationId']);
    expect((await chat({ conversationId, message: 'una cita' })).body).toMatchObject({ turn: 2, node: 'booking_day' });
    expect((await chat({ conversationId, keys: '3' })).body).toMatchObject({ turn: 4, node: 'booking_hour', slots: { day: 'miércoles' } });
    expect((await chat({ conversationId, silences: 1 })).body).toMatchObject({ turn: 5, node: 'booking_hour' });
    expect((await chat({ conversationId, message: 'adiós' })).body).toMatchObject({ node: 'goodbye', nextStep: { kind: 'end_call' } });
    const over = await chat({ conversationId, message: 'otra cosa' });
    expect([over.status, over.body['detail']]).toEqual([409, expect.stringContaining('is over')]);
    const { body } = await api.asToken(token, `/conversations/${conversationId}`);
    expect(body).toMatchObject({ node: 'goodbye', slots: { day: 'miércoles' }, channelData: { page: '/precios' }, summary: null });
    expect((body['turns'] as { role: string; input: string | null }[]).map(({ role, input }) => [role, input])).toEqual([
      ['agent', null],
      ['caller', 'text'],
      ['agent', null],
      ['caller', 'dtmf'],
      ['agent', null],
      ['agent', null],
      ['caller', 'text'],
      ['agent', null],
    ]);
  });

  it('rings somebody, and goes on when nobody answers', async () => {
    const conversationId = await begin();
    expect((await chat({ conversationId, message: 'hablar con una persona' })).body).toMatchObject({
      nextStep: { kind: 'transfer', destination: '2001', ringMs: 20_000 },
    });
    expect((await chat({ conversationId, transferFailed: true })).body).toMatchObject({ node: 'menu', nextStep: { kind: 'listen' } });
  });

  it('goes on in another process, also after the first one knows an older state', async () => {
    const conversationId = await begin();
    await using other = await openTestApi(test);
    const elsewhere = await other.asToken(token, '/chat', { method: 'POST', body: { conversationId, message: 'el lunes' } });
    expect(elsewhere.body).toMatchObject({ turn: 3, node: 'booking_hour', slots: { day: 'lunes' } });
    expect((await chat({ conversationId, message: 'a las diez' })).body).toMatchObject({ turn: 5, slots: { day: 'lunes', hour: 'diez' } });
    expect(api.office.conversationCache.counts().misses).toBeGreaterThan(0);
    expect((await chat({ conversationId, message: 'sí' })).body).toMatchObject({ node: 'booked' });
    expect(api.office.conversationCache.counts().hits).toBeGreaterThan(0);
  });

  it('answers one message at a time: the second gets 409 and changes nothing', async () => {
    const conversationId = await begin();
    const { promise, resolve } = Promise.withResolvers<void>();
    gate.open = promise;
    const first = chat({ conversationId, message: 'wait' });
    await expect
      .poll(
        async () =>
          (await test.asSuperuser(`select claimed_until from conversations where id = '${conversationId}'`))[0]?.['claimed_until'],
      )
      .not.toBeNull();
    const second = await chat({ conversationId, message: 'el lunes' });
    expect([second.status, second.headers.get('retry-after')]).toEqual([409, '1']);
    resolve();
    expect((await first).status).toBe(200);
    expect((await chat({ conversationId, message: 'el lunes' })).body).toMatchObject({ turn: 5, node: 'booking_hour' });
  });

  it('answers 503 when a model fails, without the words of the fault, and the message may be sent again', async () => {
    const conversationId = await begin();
    const failed = await chat({ conversationId, message: 'break' });
    expect([failed.status, failed.body['code']]).toEqual([503, 'unavailable']);
    expect(JSON.stringify(failed.body)).not.toContain('10.0.0.9');
    expect((await chat({ conversationId, message: 'el martes' })).body).toMatchObject({ turn: 3, slots: { day: 'martes' } });
  });

  it('streams the words as they come and the whole at the end', async () => {
    const events = async (body: object) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'text/event-stream' };
      const response = await api.api.request('/chat', { method: 'POST', headers, body: JSON.stringify(body) });
      expect(response.headers.get('content-type')).toContain('text/event-stream');
      const blocks = (await response.text()).trimEnd().split('\n\n');
      return blocks.map((block) => {
        const [event = '', data = ''] = block.split('\n');
        return { event: event.slice('event: '.length), data: JSON.parse(data.slice('data: '.length)) as Record<string, unknown> };
      });
    };
    const said = await events({ agentId, message: 'horario de atención' });
    const deltas = said.filter(({ event }) => event === 'delta').map(({ data }) => String(data['text']));
    expect(said[0]).toMatchObject({ event: 'started', data: { conversationId: expect.stringMatching(/^chat_/) as string } });
    expect(said.at(-1)).toMatchObject({ event: 'done', data: { reply: deltas.join(''), node: 'menu' } });
    expect(deltas.length).toBeGreaterThan(1);
    expect((await events({ agentId, message: 'break' })).at(-1)).toMatchObject({ event: 'problem', data: { status: 503 } });
  });

  it('keeps how each turn came about, and tells nobody else', async () => {
    const conversationId = await begin();
    const path = `/conversations/${conversationId}/turns/1/trace`;
    const { body } = await api.asToken(token, path);
    expect(body).toMatchObject({
      seq: 1,
      fromNode: 'greeting',
      node: 'booking_day',
      nextStep: { kind: 'listen' },
      stagesMs: { firstTextMs: expect.any(Number) as number, replyMs: expect.any(Number) as number },
      model: null,
    });
    expect(body['notes']).toContainEqual(expect.objectContaining({ name: 'node_entered' }));
    expect((await api.asToken(token, `/conversations/${conversationId}/turns/0/trace`)).status).toBe(404);
    const stranger = await api.tokenFor(await addTestOrganization(test, 'theirs'), ['calls:read']);
    expect((await api.asToken(stranger, path)).status).toBe(404);
  });

  it('is deleted with everything that was said, and the audit log says so', async () => {
    const conversationId = await begin();
    expect((await api.asToken(token, `/conversations/${conversationId}`, { method: 'DELETE' })).status).toBe(204);
    expect((await chat({ conversationId, message: 'el lunes' })).status).toBe(404);
    const left = await test.asSuperuser(`select conversation_id from conversation_turns where conversation_id = '${conversationId}'
      union select conversation_id from turn_traces where conversation_id = '${conversationId}'`);
    expect(left).toEqual([]);
    expect(await test.asSuperuser(`select details from audit_entries where resource = '${conversationId}'`)).toEqual([
      { details: { turns: 2 } },
    ]);
  });

  it.each([
    [{}, 'agentId'],
    [{ agentId, message: 'a', keys: '1' }, 'message'],
    [{ conversationId: newId('chat') }, 'message'],
    [{ conversationId: newId('chat'), message: 'a', channelData: {} }, 'channelData'],
    [{ agentId, message: 'a'.repeat(4_001) }, 'message'],
    [{ agentId, keys: 'x' }, 'keys'],
    [{ agentId, channelData: { 'no name': 'x' } }, 'channelData.no name'],
    [{ agentId, says: 'a' }, ''],
  ])('refuses %j and names the field', async (body, field) => {
    const answer = await chat(body);
    expect([answer.status, answer.body['code']]).toEqual([400, 'invalid_request']);
    expect((answer.body['fields'] as { path: string }[]).map(({ path }) => path)).toContain(field);
  });

  it('tells an unknown agent, an unknown conversation and the wrong agent apart', async () => {
    expect((await chat({ agentId: newId('agent'), message: 'a' })).body['detail']).toBe('there is no such agent');
    expect((await chat({ conversationId: newId('chat'), message: 'a' })).body['detail']).toBe('there is no such conversation');
    expect((await chat({ conversationId: 'x', message: 'a' })).status).toBe(404);
    expect((await chat({ conversationId: await begin(), agentId: newId('agent'), message: 'a' })).status).toBe(422);
  });
});
