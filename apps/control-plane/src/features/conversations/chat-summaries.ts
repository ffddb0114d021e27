// What long chats come to in short: made in the background after a message, and stored with the chat before the next one, for whatever process answers that.
import { LRUCache } from 'lru-cache';
import type { ConversationState } from '#dialog/dialog.ts';
import type { MadeSummary, SummaryKeeper } from '#dialog/rolling-summary.ts';
import { withSummary } from '#dialog/rolling-summary.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import type { ConversationCache } from './conversation-cache.ts';
import type { ConversationStore } from './conversation-store.ts';

export type ChatSummaries = {
  /** For the dialog that answers a message of this chat. */
  keeperOf(scope: OrgScope, conversationId: string): SummaryKeeper;
  /** The state to be committed, with a summary that came while the message was being answered. */
  applied(conversationId: string, state: ConversationState): ConversationState;
};

/** Summaries of chats that were being answered when they came; at the limit the oldest goes, and is made again after a later message. */
const WAITING_MAX = 500;

export type ChatSummaryParts = {
  readonly store: Pick<ConversationStore, 'keepSummary'>;
  readonly cache: Pick<ConversationCache, 'put'>;
  readonly log: Log;
};

export function createChatSummaries({ store, cache, log }: ChatSummaryParts): ChatSummaries {
  const inTheMaking = new Set<string>();
  const waiting = new LRUCache<string, MadeSummary>({ max: WAITING_MAX });
  const keep = async (scope: OrgScope, conversationId: string, made: MadeSummary): Promise<void> => {
    // Before anything else: a message that is being answered now is committed with it.
    waiting.set(conversationId, made);
    const kept = await store.keepSummary(scope, conversationId, made);
    if (kept.kind === 'kept') cache.put(scope, conversationId, kept);
    if (kept.kind !== 'busy') waiting.delete(conversationId);
  };
  return {
    keeperOf: (scope, conversationId) => ({
      begin() {
        if (inTheMaking.has(conversationId)) return false;
        inTheMaking.add(conversationId);
        return true;
      },
      end(made) {
        inTheMaking.delete(conversationId);
        if (made === null) return;
        keep(scope, conversationId, made).catch((error: unknown) => {
          waiting.delete(conversationId);
          log.warn(
            { conversationId, error: loggableError(error) },
            'the summary of a chat was not kept; it is made again after a later message',
          );
        });
      },
    }),
    applied(conversationId, state) {
      const made = waiting.get(conversationId);
      if (made === undefined) return state;
      waiting.delete(conversationId);
      return withSummary(state, made);
    },
  };
}
