// What organizations let their agents do in systems of their own: one HTTP request each, described to the model.
import { check, foreignKey, jsonb, pgTable, primaryKey, text, timestamp, unique } from 'drizzle-orm/pg-core';
import { sql } from 'drizzle-orm';
import { organizationPolicies } from './access.ts';
import { agents } from './agents.ts';

export const httpTools = pgTable(
  'http_tools',
  {
    orgId: text('org_id').notNull(),
    id: text('id').notNull(),
    agentId: text('agent_id').notNull(),
    /** By which the model calls it. */
    name: text('name').notNull(),
    description: text('description').notNull(),
    effect: text('effect', { enum: ['read', 'write', 'guarded'] }).notNull(),
    /** JSON Schema of the arguments. */
    parameters: jsonb('parameters').notNull(),
    method: text('method', { enum: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] }).notNull(),
    /** With `{parameter}` in path and query. */
    url: text('url').notNull(),
    /** `{name, value}` each; `{secret}` in a value stands for the secret. */
    headers: jsonb('headers').notNull(),
    /** Sealed with AES-256-GCM under a key that is not in the database. */
    sealedSecret: text('sealed_secret'),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.id] }),
    unique('http_tools_name_unique').on(table.orgId, table.agentId, table.name),
    foreignKey({ columns: [table.orgId, table.agentId], foreignColumns: [agents.orgId, agents.id] }).onDelete('cascade'),
    check('http_tools_name_form', sql`${table.name} ~ '^[a-z][a-z0-9_]{2,47}$'`),
    ...organizationPolicies('select'),
  ],
);
