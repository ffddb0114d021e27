// What is kept of a turn that a model answered: what it was asked, what its tools did, and that it goes on in another process.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { agents } from '#db/schema/agents.ts';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import { clinicEs } from '#dialog/demo/clinic-es.ts';
import type { Tool } from '#dialog/tools/tool.ts';
import { createChatDialogs } from '#features/conversations/chat-dialog.ts';
import type { LanguageModel, ModelPart, ModelRequest } from '#ports/language-model.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { systemClock } from '#shared/clock.ts';
import { newId } from '#shared/id.ts';
import type { TestApi } from './test-api.ts';
import { addTestOrganization, openTestApi } from './test-api.ts';

const agentId = newId('agent');
const asked: ModelRequest[] = [];

/** Looks something up, then says what it found. */
const model: LanguageModel = {
  async *stream(request): AsyncGenerator<ModelPart> {
    asked.push(request);
    const found = request.messages.findLast((message) => message.role === 'tool');
    const isAnswered = request.messages.at(-1)?.role === 'tool';
    if (isAnswered) yield { kind: 'text_delta', textDelta: `Según veo: ${(found?.text ?? '').replace('\u0000', '')}` };
    else
      yield {
        kind: 'tool_call',
        call: { id: `call-${asked.length}`, name: 'knowledge_search', argumentsJson: '{"question":"aparcamiento"}' },
      };
    yield { kind: 'finish', reason: isAnswered ? 'stop' : 'tool_calls', inputTokens: 120, outputTokens: 7 };
  },
};
const search: Tool = {
  name: 'knowledge_search',
  description: 'Looks something up',
  effect: 'read',
  arguments: z.strictObject({ question: z.string() }),
  budgetMs: 1_000,
  // With a character that no database takes.
  run: async () => ({ kind: 'done', text: 'hay aparcamiento\u0000 en la calle Sol' }),
};

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('the trace of a turn with a model, on $kind', (kind) => {
  let test: TestDatabase;
  let api: TestApi;
  let token: string;
  const openDialog = createChatDialogs({ languageModel: model, findTools: async () => [search], clock: systemClock });

  beforeAll(async () => {
    test = await kind.open();
    api = await openTestApi(test, { openDialog });
    const orgId = await addTestOrganization(test, 'ours');
    const { name, language, voice, ...flow } = clinicEs({ organizationName: 'Clínica', destination: '2001' });
    const responder = { kind: 'language_model', prompt: 'Eres la recepción.', maxOutputTokens: 100, temperature: 0 };
    await test.database.inAppliance(mintApplianceScope(), (queries) =>
      queries.insert(agents).values({ orgId, id: agentId, name, language, voice, profile: { ...flow, responder } }),
    );
    token = await api.tokenFor(orgId, ['calls:read', 'calls:write']);
  });
  afterAll(async () => {
    await api[Symbol.asyncDispose]();
    await test[Symbol.asyncDispose]();
  });

  it('holds messages, tools with arguments and outcomes, tokens and milliseconds', async () => {
    const { body } = await api.asToken(token, '/chat', { method: 'POST', body: { agentId, message: '¿dónde aparco?' } });
    expect(body['reply']).toBe('Según veo: hay aparcamiento en la calle Sol');
    const trace = await api.asToken(token, `/conversations/${String(body['conversationId'])}/turns/1/trace`);
    expect(trace.status).toBe(200);
    const { model: told } = trace.body as { model: { requests: Record<string, unknown>[]; tools: unknown[]; answeredBy: string } };
    expect([told.answeredBy, told.requests.length]).toEqual(['model', 2]);
    expect(told.requests[0]).toMatchObject({ tools: ['knowledge_search'], inputTokens: 120, outputTokens: 7, failed: false });
    expect(JSON.stringify(told.requests[0]?.['messages'])).toContain('¿dónde aparco?');
    expect(told.tools).toEqual([
      {
        name: 'knowledge_search',
        argumentsJson: '{"question":"aparcamiento"}',
        verdict: 'done',
        text: expect.stringContaining('calle Sol') as string,
        ms: expect.any(Number) as number,
      },
    ]);
  });

  it('is of a conversation that another process goes on with, knowing what was said', async () => {
    const { body } = await api.asToken(token, '/chat', { method: 'POST', body: { agentId, message: 'primera pregunta' } });
    await using other = await openTestApi(test, { openDialog });
    const message = { conversationId: body['conversationId'], message: 'segunda pregunta' };
    expect((await other.asToken(token, '/chat', { method: 'POST', body: message })).status).toBe(200);
    expect(JSON.stringify(asked.at(-1)?.messages)).toMatch(/primera pregunta.*segunda pregunta/);
  });
});
