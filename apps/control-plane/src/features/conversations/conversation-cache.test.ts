import { describe, expect, it } from 'vitest';
import type { ConversationState } from '#dialog/dialog.ts';
import { newId } from '#shared/id.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { createConversationCache } from './conversation-cache.ts';

const scope = mintOrgScope(newId('organization'));
const state = (node: string): ConversationState => ({ node, slots: {}, misses: 0, history: [] });

describe('the cache of conversations', () => {
  it('gives back what was put last, with its version', () => {
    const cache = createConversationCache();
    cache.put(scope, 'a', { turns: 2, state: state('menu') });
    cache.put(scope, 'a', { turns: 4, state: state('day') });
    expect(cache.find(scope, 'a')).toEqual({ turns: 4, state: state('day') });
    expect(cache.find(scope, 'b')).toBeNull();
  });

  it('counts how often it served', () => {
    const cache = createConversationCache();
    for (const result of ['hit', 'miss', 'hit'] as const) cache.count(result);
    expect(cache.counts()).toEqual({ hits: 2, misses: 1 });
  });

  it('keeps organizations apart, and no more than it may', () => {
    const cache = createConversationCache(2);
    for (const id of ['a', 'b', 'c']) cache.put(scope, id, { turns: 1, state: state(id) });
    expect(['a', 'b', 'c'].map((id) => cache.find(scope, id)?.state.node)).toEqual([undefined, 'b', 'c']);
    expect(cache.find(mintOrgScope(newId('organization')), 'b')).toBeNull();
    cache.forget(scope, 'b');
    expect(cache.find(scope, 'b')).toBeNull();
  });
});
