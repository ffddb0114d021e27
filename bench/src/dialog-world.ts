/** Agents that answer text on a real database, and a language model that takes no time. */
import type { Database } from '@centralita/control-plane/db/client.ts';
import { agents } from '@centralita/control-plane/db/schema/agents.ts';
import { organizations } from '@centralita/control-plane/db/schema/organizations.ts';
import { clinicEs } from '@centralita/control-plane/dialog/demo/clinic-es.ts';
import { createAuditTrail } from '@centralita/control-plane/features/access/audit-store.ts';
import { createAgentStore } from '@centralita/control-plane/features/agents/agent-store.ts';
import { createAgentVersionStore } from '@centralita/control-plane/features/agents/agent-version-store.ts';
import { createChatAgents } from '@centralita/control-plane/features/conversations/chat-agents.ts';
import { createChatDialogs } from '@centralita/control-plane/features/conversations/chat-dialog.ts';
import { createChats } from '@centralita/control-plane/features/conversations/chats.ts';
import type { Chats } from '@centralita/control-plane/features/conversations/chats.ts';
import { createConversationCache } from '@centralita/control-plane/features/conversations/conversation-cache.ts';
import { createConversationStore } from '@centralita/control-plane/features/conversations/conversation-store.ts';
import type { LanguageModel } from '@centralita/control-plane/ports/language-model.ts';
import { mintApplianceScope } from '@centralita/control-plane/shared/appliance-scope.ts';
import { systemClock } from '@centralita/control-plane/shared/clock.ts';
import { newId } from '@centralita/control-plane/shared/id.ts';
import { silentLog } from '@centralita/control-plane/shared/log.ts';
import type { OrgScope } from '@centralita/control-plane/shared/org-scope.ts';
import { mintOrgScope } from '@centralita/control-plane/shared/org-scope.ts';
import { openSecretKeys } from '@centralita/control-plane/shared/secret-keys.ts';
import { openBenchDatabase } from './bench-database.ts';

export type DialogWorld = AsyncDisposable & {
  readonly chats: Chats;
  readonly scope: OrgScope;
  /** One that follows its flow, and one that asks the model. */
  readonly agentIds: readonly [flow: string, model: string];
  readonly cache: { hits: number; misses: number };
};

/** Words of the model's every answer, one delta each. */
const ANSWER = 'Claro que sí. Tenemos un hueco el martes a las diez y otro el miércoles por la tarde. ¿Cuál le viene mejor?'.split(
  /(?<= )/,
);

/** Answers at once: what is left is our own time. */
const instantModel: LanguageModel = {
  async *stream(request) {
    for (const textDelta of ANSWER) yield { kind: 'text_delta', textDelta };
    yield { kind: 'finish', reason: 'stop', inputTokens: request.messages.length, outputTokens: ANSWER.length };
  },
};

/** Starts a server, migrates it, and opens chats on it in this process. */
export async function openDialogWorld(): Promise<DialogWorld> {
  await using opened = new AsyncDisposableStack();
  const { database } = opened.use(await openBenchDatabase());
  const { scope, agentIds } = await addAgents(database);
  const audit = createAuditTrail({ keys: openSecretKeys({ 1: 'be'.repeat(32) }), clock: systemClock });
  const cache = createConversationCache();
  const chats = createChats({
    store: createConversationStore({ database, audit }),
    cache,
    agents: createChatAgents({ agents: createAgentStore(database), agentVersions: createAgentVersionStore({ database, audit }) }),
    openDialog: createChatDialogs({ languageModel: instantModel, clock: systemClock }),
    clock: systemClock,
    log: silentLog,
  });
  const running = opened.move();
  return {
    chats,
    scope,
    agentIds,
    get cache() {
      return cache.counts();
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function addAgents(database: Database): Promise<Pick<DialogWorld, 'scope' | 'agentIds'>> {
  const scope = mintOrgScope(newId('organization'));
  const orgId = scope.organizationId;
  const agentIds = [newId('agent'), newId('agent')] as const;
  const responder = {
    kind: 'language_model' as const,
    prompt: 'Atiende la recepción de una clínica.',
    maxOutputTokens: 200,
    temperature: 0.3,
  };
  await database.inAppliance(mintApplianceScope(), async (queries) => {
    await queries.insert(organizations).values({ id: orgId, name: 'Clinic', slug: 'clinic' });
    for (const [index, id] of agentIds.entries()) {
      const { name, language, voice, ...flow } = clinicEs({ organizationName: 'Clínica', destination: '2001' });
      const profile = index === 0 ? flow : { ...flow, responder };
      await queries.insert(agents).values({ orgId, id, name, language, voice, profile });
    }
  });
  return { scope, agentIds };
}
