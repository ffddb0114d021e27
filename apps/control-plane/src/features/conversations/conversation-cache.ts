// The conversations of the last messages, in memory: who goes on with one need not read its state again. A version says whether it is still true.
import { LRUCache } from 'lru-cache';
import type { ConversationState } from '#dialog/dialog.ts';
import type { OrgScope } from '#shared/org-scope.ts';

/** A state that was committed, and how many turns had been written then. */
export type CachedState = { readonly turns: number; readonly state: ConversationState };

/** Asked for so often, and found true so often, since the start. */
export type CacheCounts = { readonly hits: number; readonly misses: number };

export type ConversationCache = {
  /** What may be true, until somebody says which version is; null when nothing is known. */
  find(scope: OrgScope, conversationId: string): CachedState | null;
  /** Counts whether what was found was of the version that turned out to be true. */
  count(result: 'hit' | 'miss'): void;
  put(scope: OrgScope, conversationId: string, cached: CachedState): void;
  forget(scope: OrgScope, conversationId: string): void;
  counts(): CacheCounts;
};

/** With 10 kB each, 20 MB. At the limit the one whose last message is the longest ago goes. */
export const CACHED_CONVERSATIONS = 2_000;

export function createConversationCache(max = CACHED_CONVERSATIONS): ConversationCache {
  const states = new LRUCache<string, CachedState>({ max });
  const keyOf = (scope: OrgScope, conversationId: string): string => `${scope.organizationId} ${conversationId}`;
  let hits = 0;
  let misses = 0;
  return {
    find: (scope, conversationId) => states.get(keyOf(scope, conversationId)) ?? null,
    count(result) {
      if (result === 'hit') hits += 1;
      else misses += 1;
    },
    put: (scope, conversationId, cached) => void states.set(keyOf(scope, conversationId), cached),
    forget: (scope, conversationId) => void states.delete(keyOf(scope, conversationId)),
    counts: () => ({ hits, misses }),
  };
}
