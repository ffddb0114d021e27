// Messages that callers left with agents, as rows: taken once, read by their organization, marked as dealt with, erased.
import { createHash } from 'node:crypto';
import { and, desc, eq, isNotNull, isNull, lt } from 'drizzle-orm';
import type { Database } from '#db/client.ts';
import { callerMessages } from '#db/schema/caller-messages.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import type { MessageBox, TakenMessage } from '#ports/message-box.ts';
import type { Actor } from '#shared/actor.ts';
import type { Clock } from '#shared/clock.ts';
import { newId } from '#shared/id.ts';
import type { OrgScope } from '#shared/org-scope.ts';

/** A message. Names, numbers and text are personal data. */
export type CallerMessage = {
  readonly messageId: string;
  readonly agentId: string;
  readonly conversationId: string;
  readonly fromName: string | null;
  readonly callbackNumber: string | null;
  readonly text: string;
  readonly isUrgent: boolean;
  readonly handledAt: Date | null;
  readonly createdAt: Date;
};

/** Which messages, from the newest back. */
export type CallerMessageQuery = {
  readonly limit: number;
  /** Only those older than the message of this id. */
  readonly before: string | null;
  readonly agentId?: string | undefined;
  readonly isHandled?: boolean | undefined;
};

/** Who deals with messages. */
export type CallerMessageEditor = { readonly scope: OrgScope; readonly actor: Actor };

export type CallerMessageStore = MessageBox & {
  list(scope: OrgScope, query: CallerMessageQuery): Promise<CallerMessage[]>;
  find(scope: OrgScope, messageId: string): Promise<CallerMessage | null>;
  /** Null when there is no such message. */
  setHandled(by: CallerMessageEditor, messageId: string, isHandled: boolean): Promise<CallerMessage | null>;
  /** False when there is no such message. */
  remove(by: CallerMessageEditor, messageId: string): Promise<boolean>;
};

const columns = {
  messageId: callerMessages.id,
  agentId: callerMessages.agentId,
  conversationId: callerMessages.conversationId,
  fromName: callerMessages.fromName,
  callbackNumber: callerMessages.callbackNumber,
  text: callerMessages.text,
  isUrgent: callerMessages.isUrgent,
  handledAt: callerMessages.handledAt,
  createdAt: callerMessages.createdAt,
};

export function createCallerMessageStore(parts: { database: Database; audit: AuditTrail; clock: Clock }): CallerMessageStore {
  const { database, audit, clock } = parts;
  return {
    take: (message, { signal }) => take(database, message, signal),
    list: (scope, { limit, before, agentId, isHandled }) =>
      database.inOrg(scope, (queries) => {
        const state = isHandled === true ? isNotNull(callerMessages.handledAt) : isNull(callerMessages.handledAt);
        return queries
          .select(columns)
          .from(callerMessages)
          .where(
            and(
              eq(callerMessages.orgId, scope.organizationId),
              before === null ? undefined : lt(callerMessages.id, before),
              agentId === undefined ? undefined : eq(callerMessages.agentId, agentId),
              isHandled === undefined ? undefined : state,
            ),
          )
          .orderBy(desc(callerMessages.id))
          .limit(limit);
      }),
    find: (scope, messageId) =>
      database.inOrg(scope, async (queries) => {
        const [found] = await queries.select(columns).from(callerMessages).where(named(scope, messageId));
        return found ?? null;
      }),
    setHandled: (by, messageId, isHandled) =>
      database.inOrg(by.scope, async (queries) => {
        const change = { handledAt: isHandled ? clock.wallAt() : null };
        const [changed] = await queries.update(callerMessages).set(change).where(named(by.scope, messageId)).returning(columns);
        if (!changed) return null;
        const action = isHandled ? 'caller_message.handled' : 'caller_message.reopened';
        await audit.append(queries, by, { action, resource: messageId });
        return changed;
      }),
    remove: (by, messageId) =>
      database.inOrg(by.scope, async (queries) => {
        const removed = await queries.delete(callerMessages).where(named(by.scope, messageId)).returning({ id: callerMessages.id });
        if (removed.length === 0) return false;
        await audit.append(queries, by, { action: 'caller_message.erased', resource: messageId });
        return true;
      }),
  };
}

async function take(database: Database, message: TakenMessage, signal: AbortSignal): Promise<{ messageId: string }> {
  const { scope, from, callbackNumber, text, conversationId, ...rest } = message;
  signal.throwIfAborted();
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([from, callbackNumber, text]))
    .digest('hex');
  const once = { orgId: scope.organizationId, conversationId, fingerprint };
  const row = { ...rest, ...once, id: newId('callerMessage'), fromName: from, callbackNumber, text };
  return await database.inOrg(scope, async (queries) => {
    const messageId = callerMessages.id;
    const [taken] = await queries.insert(callerMessages).values(row).onConflictDoNothing().returning({ messageId });
    if (taken) return taken;
    const ofConversation = and(eq(callerMessages.orgId, once.orgId), eq(callerMessages.conversationId, conversationId));
    const [first] = await queries
      .select({ messageId })
      .from(callerMessages)
      .where(and(ofConversation, eq(callerMessages.fingerprint, fingerprint)));
    if (!first) throw new Error('the message was there already and is not any more: somebody erased it meanwhile');
    return first;
  });
}

function named(scope: OrgScope, messageId: string) {
  return and(eq(callerMessages.orgId, scope.organizationId), eq(callerMessages.id, messageId));
}
