// The agents of chats: a new one is answered by the newest version, and every one goes on with the version that it began with, as calls do.
import { LRUCache } from 'lru-cache';
import type { AgentStore } from '#features/agents/agent-store.ts';
import type { AgentVersionStore } from '#features/agents/agent-version-store.ts';
import type { AgentProfile } from '#ports/agent-profile.ts';
import type { OrgScope } from '#shared/org-scope.ts';

/** An agent as a chat has it. */
export type ChatAgent = { readonly version: number; readonly profile: AgentProfile };

export type ChatAgents = {
  /** The newest version; null when there is no such agent, or it is another organization's. */
  findNewest(scope: OrgScope, agentId: string): Promise<ChatAgent | null>;
  /** A version that was answered by before; the newest one where that version was never written down. Null when the agent is gone. */
  find(scope: OrgScope, agentId: string, version: number): Promise<ChatAgent | null>;
};

/** About 100 kB each, parsed; at the limit the one that answered the longest ago is read again. */
const REMEMBERED_AGENTS = 200;

export type ChatAgentParts = { readonly agents: Pick<AgentStore, 'find'>; readonly agentVersions: Pick<AgentVersionStore, 'find'> };

export function createChatAgents({ agents, agentVersions }: ChatAgentParts): ChatAgents {
  // A version is never changed: what was read of one stays true.
  const versions = new LRUCache<string, ChatAgent>({ max: REMEMBERED_AGENTS });
  const keyOf = (scope: OrgScope, agentId: string, version: number): string => `${scope.organizationId} ${agentId} ${version}`;
  const remember = (scope: OrgScope, agent: ChatAgent): ChatAgent => {
    versions.set(keyOf(scope, agent.profile.agentId, agent.version), agent);
    return agent;
  };
  const findNewest: ChatAgents['findNewest'] = async (scope, agentId) => {
    const found = await agents.find(scope, agentId);
    return found && remember(scope, { version: found.version, profile: { agentId, ...found.draft } });
  };
  return {
    findNewest,
    async find(scope, agentId, version) {
      const known = versions.get(keyOf(scope, agentId, version));
      if (known) return known;
      const found = await agentVersions.find(scope, agentId, version);
      if (found) return remember(scope, { version, profile: { agentId, ...found.draft } });
      return await findNewest(scope, agentId);
    },
  };
}
