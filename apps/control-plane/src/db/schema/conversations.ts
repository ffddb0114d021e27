// Where conversations stand, calls and chats alike, so that any process can go on with one; what was said in chats; and how each turn came about.
import { sql } from 'drizzle-orm';
import { check, foreignKey, index, integer, jsonb, pgPolicy, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import { adminRole, organizationPolicies } from './access.ts';
import { agents } from './agents.ts';
import { calls } from './calls.ts';

/** A call or a chat as its agent knows it. Calls go with their call's row, chats with their agent. */
export const conversations = pgTable(
  'conversations',
  {
    orgId: text('org_id').notNull(),
    /** A chat's own id, or that of the call. */
    id: text('id').notNull(),
    channel: text('channel', { enum: ['call', 'chat'] }).notNull(),
    /** The same as `id` for calls, null for chats. */
    callId: text('call_id'),
    /** Null for a call whose agent was removed before the call was written. */
    agentId: text('agent_id'),
    /** The agent's version that a chat began with and goes on with; null for calls, which hold their agent in memory. */
    agentVersion: integer('agent_version'),
    /** The dialog's own state. Personal data. */
    state: jsonb('state').$type<unknown>().notNull(),
    /** What the channel had to do after the last turn; null for calls in which nothing is left to do. */
    nextStep: jsonb('next_step').$type<unknown>(),
    /** What the client said of the channel when the chat began. */
    channelData: jsonb('channel_data').$type<Readonly<Record<string, string>>>(),
    /** Turns written so far, of both sides: the version of `state`. */
    turns: integer('turns').notNull(),
    /** Until when one process answers a message; null or past: nobody does. */
    claimedUntil: timestamp('claimed_until', { withTimezone: true, precision: 3 }),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.id] }),
    foreignKey({ columns: [table.orgId, table.callId], foreignColumns: [calls.orgId, calls.id] }).onDelete('cascade'),
    foreignKey({ columns: [table.orgId, table.agentId], foreignColumns: [agents.orgId, agents.id] }).onDelete('cascade'),
    check('conversations_channel', sql`(channel = 'call') = (call_id is not null) and (call_id is null or call_id = id)`),
    check('conversations_chat', sql`channel = 'call' or (agent_id is not null and agent_version is not null)`),
    // Foreign keys, from the side that is deleted, and what retention looks for.
    index('conversations_by_call').on(table.orgId, table.callId),
    index('conversations_by_agent').on(table.orgId, table.agentId),
    index('conversations_chats_by_age')
      .on(table.orgId, table.updatedAt)
      .where(sql`channel = 'chat'`),
    ...organizationPolicies('select'),
    pgPolicy('appliance_deletes', { for: 'delete', to: adminRole, using: sql`channel = 'chat'` }),
  ],
);

/** What was said in chats. Of calls it is in `turns`. */
export const conversationTurns = pgTable(
  'conversation_turns',
  {
    orgId: text('org_id').notNull(),
    conversationId: text('conversation_id').notNull(),
    seq: integer('seq').notNull(),
    role: text('role', { enum: ['caller', 'agent'] }).notNull(),
    /** Personal data. */
    text: text('text').notNull(),
    /** How the caller's turn came in; null for the agent's. */
    input: text('input', { enum: ['text', 'dtmf'] }),
    at: timestamp('at', { withTimezone: true, precision: 3 }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.conversationId, table.seq] }),
    foreignKey({
      columns: [table.orgId, table.conversationId],
      foreignColumns: [conversations.orgId, conversations.id],
    }).onDelete('cascade'),
    ...organizationPolicies('select'),
  ],
);

/** How the agent's turn of that number came about. */
export const turnTraces = pgTable(
  'turn_traces',
  {
    orgId: text('org_id').notNull(),
    conversationId: text('conversation_id').notNull(),
    seq: integer('seq').notNull(),
    /** Personal data: what the model was asked holds what was said. */
    trace: jsonb('trace').$type<unknown>().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.conversationId, table.seq] }),
    foreignKey({
      columns: [table.orgId, table.conversationId],
      foreignColumns: [conversations.orgId, conversations.id],
    }).onDelete('cascade'),
    ...organizationPolicies('select'),
  ],
);
