import { describe, expect, it } from 'vitest';
import type { ConversationState } from '#dialog/dialog.ts';
import { newId } from '#shared/id.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { createConversationCache } from './conversation-cache.ts';

const scope = mintOrgScope(newId('organization'));
const state = (node: string): ConversationState => ({ node, slots: {}, misses: 0, history: [] });

describe('the cache of conversations', () => {
  it('gives a state of just the version that is asked for, and counts', () => {
    const cache = createConversationCache();
    cache.put(scope, 'a', { turns: 2, state: state('menu') });
    expect(cache.take(scope, 'a', 2)).toEqual(state('menu'));
    expect(cache.take(scope, 'b', 2)).toBeNull();
    expect(cache.counts()).toEqual({ hits: 1, misses: 1 });
  });

  it('never gives a state when another process has written a newer one, and forgets it', () => {
    const cache = createConversationCache();
    cache.put(scope, 'a', { turns: 2, state: state('menu') });
    expect(cache.take(scope, 'a', 4)).toBeNull();
    expect(cache.peek(scope, 'a')).toBeNull();
  });

  it('keeps organizations apart, and no more than it may', () => {
    const cache = createConversationCache(2);
    for (const id of ['a', 'b', 'c']) cache.put(scope, id, { turns: 1, state: state(id) });
    expect(['a', 'b', 'c'].map((id) => cache.peek(scope, id)?.state.node)).toEqual([undefined, 'b', 'c']);
    expect(cache.peek(mintOrgScope(newId('organization')), 'b')).toBeNull();
    cache.forget(scope, 'b');
    expect(cache.peek(scope, 'b')).toBeNull();
  });
});
