// The agents that answer an organization's calls, and every version of each.
import { boolean, foreignKey, integer, jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import { organizationPolicies } from './access.ts';
import { organizations } from './organizations.ts';

/** The agent as calls find it: its newest version. */
export const agents = pgTable(
  'agents',
  {
    orgId: text('org_id')
      .notNull()
      .references(() => organizations.id, { onDelete: 'restrict' }),
    id: text('id').notNull(),
    name: text('name').notNull(),
    language: text('language').notNull(),
    /** The engine's name of a voice; empty = the language's default. */
    voice: text('voice').notNull(),
    /** Whether its numbers are answered. */
    active: boolean('active').notNull().default(true),
    /** Speed, flow, responder and conversation settings; parsed by the agent store on the way in and on the way out. */
    profile: jsonb('profile').$type<unknown>().notNull(),
    /** Number of the version that this row is a copy of. */
    version: integer('version').notNull().default(1),
    /** When it was first put to work; null while it is only registered. */
    provisionedAt: timestamp('provisioned_at', { withTimezone: true, precision: 3 }),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.orgId, table.id] }), ...organizationPolicies('all')],
);

/** Versions, written once: going back to one writes a new one. */
export const agentVersions = pgTable(
  'agent_versions',
  {
    orgId: text('org_id').notNull(),
    agentId: text('agent_id').notNull(),
    version: integer('version').notNull(),
    name: text('name').notNull(),
    language: text('language').notNull(),
    voice: text('voice').notNull(),
    profile: jsonb('profile').$type<unknown>().notNull(),
    /** The version whose copy this is; null for one that was written anew. */
    restoredFrom: integer('restored_from'),
    /** What the author says of the change; empty without a word. */
    comment: text('comment').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    /** Who saved it, as in the audit log. */
    createdBy: text('created_by').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.agentId, table.version] }),
    foreignKey({ columns: [table.orgId, table.agentId], foreignColumns: [agents.orgId, agents.id] }).onDelete('cascade'),
    ...organizationPolicies('all'),
  ],
);
