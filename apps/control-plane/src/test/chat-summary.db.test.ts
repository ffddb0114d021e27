// Long chats: what no longer fits in the model's context is told in short, in whatever process the chat goes on.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agents } from '#db/schema/agents.ts';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import { clinicEs } from '#dialog/demo/clinic-es.ts';
import type { ConversationState } from '#dialog/dialog.ts';
import { createChatDialogs } from '#features/conversations/chat-dialog.ts';
import type { LanguageModel, ModelPart, ModelRequest } from '#ports/language-model.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { systemClock } from '#shared/clock.ts';
import type { OrganizationId } from '#shared/id.ts';
import { newId } from '#shared/id.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import type { TestApi } from './test-api.ts';
import { addTestOrganization, openTestApi } from './test-api.ts';

const agentId = newId('agent');
const asked: ModelRequest[] = [];
/** What summaries wait for. */
const gate = { open: Promise.resolve() };

/** With a context of 700 tokens, which a dozen long turns outgrow. */
const model: LanguageModel = {
  contextTokens: 700,
  async *stream(request): AsyncGenerator<ModelPart> {
    asked.push(request);
    const isSummary = isAboutSummary(request);
    if (isSummary) await gate.open;
    yield { kind: 'text_delta', textDelta: isSummary ? `Resumen ${asked.filter(isAboutSummary).length}.` : 'De acuerdo, anotado.' };
    yield { kind: 'finish', reason: 'stop', inputTokens: 1, outputTokens: 1 };
  },
};

function isAboutSummary({ messages }: ModelRequest): boolean {
  return messages[0]?.text.startsWith('Resuma ') ?? false;
}

/** 300 characters that begin with their number. */
const long = (turn: number): string => `mensaje ${turn}: ${'palabras que ocupan sitio en el contexto del modelo '.repeat(6)}`.slice(0, 300);

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('a long chat on $kind', (kind) => {
  let test: TestDatabase;
  let api: TestApi;
  let orgId: OrganizationId;
  let token: string;
  const openDialog = createChatDialogs({ languageModel: model, findTools: async () => [], clock: systemClock });

  beforeAll(async () => {
    test = await kind.open();
    api = await openTestApi(test, { openDialog });
    orgId = await addTestOrganization(test, 'ours');
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

  const say = async (where: TestApi, conversationId: string | null, message: string): Promise<string> => {
    const to = conversationId === null ? { agentId } : { conversationId };
    const { status, body } = await where.asToken(token, '/chat', { method: 'POST', body: { ...to, message } });
    expect(status).toBe(200);
    return String(body['conversationId']);
  };
  const summaryOf = async (conversationId: string) => (await api.asToken(token, `/conversations/${conversationId}`)).body['summary'];
  const storedState = async (conversationId: string) => {
    const [row] = await test.asSuperuser(`select state from conversations where id = '${conversationId}'`);
    return row?.['state'] as ConversationState;
  };
  const longChat = async (): Promise<string> => {
    let id: string | null = null;
    for (let turn = 0; turn < 6; turn += 1) id = await say(api, id, long(turn));
    return id ?? '';
  };

  it('is told in short from where it no longer fits, stored before the next message, and known to another process', async () => {
    gate.open = Promise.resolve();
    const id = await longChat();
    await expect.poll(() => summaryOf(id)).toMatch(/^Resumen \d+\.$/);
    expect((await storedState(id)).history[0]?.text).not.toContain('mensaje 0');
    await using other = await openTestApi(test, { openDialog });
    asked.length = 0;
    await say(other, id, '¿qué habíamos dicho?');
    const told = asked.find((request) => !isAboutSummary(request))?.messages ?? [];
    expect(told[0]?.text).toMatch(/Resumen \d+\./);
    expect(JSON.stringify(told)).not.toContain('mensaje 0');
    expect(told.at(-1)?.text).toContain('¿qué habíamos dicho?');
    const { turns } = (await api.asToken(token, `/conversations/${id}`)).body as { turns: unknown[] };
    expect(turns).toHaveLength(14);
    // Back in the first process, whose memory of it is older.
    asked.length = 0;
    await say(api, id, 'otra cosa');
    expect(JSON.stringify(asked[0]?.messages)).toContain('¿qué habíamos dicho?');
  });

  it('takes a summary along that comes while the next message is being answered', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    gate.open = promise;
    const id = await longChat();
    await expect.poll(() => asked.some(isAboutSummary)).toBe(true);
    await test.asSuperuser(`update conversations set claimed_until = now() + interval '1 minute' where id = '${id}'`);
    resolve();
    // Held by somebody: nothing is written then.
    await new Promise((done) => setTimeout(done, 50));
    expect(await summaryOf(id)).toBeNull();
    await test.asSuperuser(`update conversations set claimed_until = null where id = '${id}'`);
    await say(api, id, 'y además');
    expect(await summaryOf(id)).toMatch(/^Resumen /);
  });

  it('is read again by who knows it without the summary, and a summary of other turns is not taken', async () => {
    gate.open = new Promise(() => {});
    const id = await longChat();
    const scope = mintOrgScope(orgId);
    const before = await storedState(id);
    const made = { summary: 'En corto.', covered: before.history.slice(0, 4), before: undefined };
    const { conversations } = api.office;
    expect(await conversations.keepSummary(scope, id, { ...made, covered: before.history.slice(2, 6) })).toEqual({ kind: 'moved' });
    expect(await conversations.keepSummary(scope, id, made)).toMatchObject({ kind: 'kept', turns: 12, state: { summary: 'En corto.' } });
    const claim = await conversations.claim(scope, id, { turns: 12, state: before });
    expect(claim).toMatchObject({ kind: 'claimed', chat: { state: { summary: 'En corto.', history: before.history.slice(4) } } });
    expect(await conversations.keepSummary(scope, id, { ...made, before: 'En corto.' })).toEqual({ kind: 'busy' });
    expect(await conversations.keepSummary(mintOrgScope(newId('organization')), id, made)).toEqual({ kind: 'moved' });
  });
});
