// Where an agent leaves what a caller wants the organization to know.
import type { OrgScope } from '#shared/org-scope.ts';

/** A message as it was taken. All of it is personal data. */
export type TakenMessage = {
  readonly scope: OrgScope;
  readonly agentId: string;
  /** The call or chat, such as `call_…`. */
  readonly conversationId: string;
  /** Who left it, as they said; null when they did not. */
  readonly from: string | null;
  /** Where they want to be called back: what they said, or else the number that they called from; null when neither is known. */
  readonly callbackNumber: string | null;
  readonly text: string;
  readonly isUrgent: boolean;
};

/** Keeps messages. The same message of the same conversation is kept once. Throws when the store is away. */
export type MessageBox = { take(message: TakenMessage, options: { signal: AbortSignal }): Promise<{ readonly messageId: string }> };
