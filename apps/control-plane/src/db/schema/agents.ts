// The agents that answer an organization's calls.
import { boolean, jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import { organizationPolicies } from './access.ts';
import { organizations } from './organizations.ts';

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
    active: boolean('active').notNull().default(true),
    /** Speed, flow, responder and conversation settings; parsed by the agent store on the way in and on the way out. */
    profile: jsonb('profile').$type<unknown>().notNull(),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.orgId, table.id] }), ...organizationPolicies('all')],
);
