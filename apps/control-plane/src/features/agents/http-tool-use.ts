// The port of defined tools over the store and the guarded client: definitions from memory for seconds, requests with their secrets.
import { LRUCache } from 'lru-cache';
import type { HttpToolDefinition, HttpTools } from '#ports/http-tool.ts';
import type { OutboundHttp } from '#ports/outbound-http.ts';
import type { Traces } from '#ports/traces.ts';
import { makeToolRequest } from './http-tool-request.ts';
import type { HttpToolStore } from './http-tool-store.ts';
import { MAX_HTTP_TOOLS } from './http-tool-store.ts';

/** A change is heard by the next conversation after this time at the latest, as a change of the agent itself. */
const FRESH_MS = 5_000;
/** Agents remembered: 20 tools of 2 kB each at the most. */
const MAX_REMEMBERED = 2_000;

export type HttpToolParts = {
  readonly store: HttpToolStore;
  readonly outbound: OutboundHttp;
  /** Absent: no request says which trace it belongs to. */
  readonly traces?: Pick<Traces, 'traceParentOf'> | undefined;
};

/** The tools of agents, for their conversations. */
export function createHttpTools({ store, outbound, traces }: HttpToolParts): HttpTools {
  const remembered = new LRUCache<string, readonly HttpToolDefinition[]>({ max: MAX_REMEMBERED, ttl: FRESH_MS });
  return {
    async list(scope, agentId, { signal }) {
      const key = `${scope.organizationId} ${agentId}`;
      const known = remembered.get(key);
      if (known) return known;
      const rows = (await store.list(scope, agentId, { limit: MAX_HTTP_TOOLS, after: null })) ?? [];
      signal.throwIfAborted();
      const definitions = rows.map(({ toolId, name, description, effect, parameters }): HttpToolDefinition => ({
        toolId,
        name,
        description,
        effect,
        parameters,
      }));
      remembered.set(key, definitions);
      return definitions;
    },
    async use({ scope, agentId, toolId, conversationId, args, idempotencyKey }, { signal }) {
      const tool = await store.findUsable(scope, agentId, toolId);
      if (tool === null) return { kind: 'refused', reason: 'not_defined' };
      const request = makeToolRequest({
        tool,
        args,
        secret: tool.secret,
        idempotencyKey,
        traceParent: traces?.traceParentOf(conversationId) ?? null,
      });
      if (request === null) return { kind: 'refused', reason: 'unsafe_argument' };
      signal.throwIfAborted();
      return await outbound.send(request, { signal });
    },
  };
}
