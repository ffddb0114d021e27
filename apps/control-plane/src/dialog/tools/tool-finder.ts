// Finds the tools of an agent when a conversation begins: those of the product, and those that its organization defined.
import type { AgentProfile } from '#ports/agent-profile.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import { createAgentTools } from './agent-tools.ts';
import type { AgentToolParts } from './agent-tools.ts';
import type { Tool } from './tool.ts';
import type { TransferDestination } from './transfer-to-person-tool.ts';

/** Whose conversation begins. */
export type ToolAsk = { readonly scope: OrgScope; readonly agent: Pick<AgentProfile, 'agentId' | 'flow'> };

/** Throws when the store of defined tools is away. */
export type ToolFinder = (ask: ToolAsk, options: { readonly signal: AbortSignal }) => Promise<readonly Tool[]>;

/** A finder over what the box offers. */
export function createToolFinder(parts: AgentToolParts): ToolFinder {
  return async ({ scope, agent }, { signal }) => {
    const httpTools = (await parts.httpTools?.list(scope, agent.agentId, { signal })) ?? [];
    return createAgentTools(parts, { destinations: destinationsOf(agent.flow), httpTools });
  };
}

/** Whom a flow rings, each once, by the name of the first node that does: nobody else may be rung by a model either. */
export function destinationsOf(flow: Pick<AgentProfile['flow'], 'nodes'>): readonly TransferDestination[] {
  const byNumber = new Map<string, TransferDestination>();
  for (const { name, action } of flow.nodes) {
    if (action.kind !== 'transfer' || byNumber.has(action.destination)) continue;
    const { destination, ringMs, requiresKey = false } = action;
    byNumber.set(destination, { name, destination, ringMs, requiresKey });
  }
  return [...byNumber.values()];
}
