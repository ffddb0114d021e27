// What callers asked agents to pass on.
import { boolean, foreignKey, index, pgTable, primaryKey, text, timestamp, unique } from 'drizzle-orm/pg-core';
import { organizationPolicies } from './access.ts';
import { agents } from './agents.ts';

export const callerMessages = pgTable(
  'caller_messages',
  {
    orgId: text('org_id').notNull(),
    id: text('id').notNull(),
    agentId: text('agent_id').notNull(),
    /** A call's id or a chat's. No reference: a chat has no call, and a message outlives the call that it was left in. */
    conversationId: text('conversation_id').notNull(),
    fromName: text('from_name'),
    callbackNumber: text('callback_number'),
    text: text('text').notNull(),
    isUrgent: boolean('is_urgent').notNull(),
    /** SHA-256 of what was said: the same message of one conversation is kept once. */
    fingerprint: text('fingerprint').notNull(),
    /** When somebody said that it was dealt with; null while it waits. */
    handledAt: timestamp('handled_at', { withTimezone: true, precision: 3 }),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.id] }),
    // Lists go from the newest back; ids sort by time.
    index('caller_messages_of_agent').on(table.orgId, table.agentId, table.id),
    unique('caller_messages_once').on(table.orgId, table.conversationId, table.fingerprint),
    foreignKey({ columns: [table.orgId, table.agentId], foreignColumns: [agents.orgId, agents.id] }).onDelete('cascade'),
    ...organizationPolicies('all'),
  ],
);
