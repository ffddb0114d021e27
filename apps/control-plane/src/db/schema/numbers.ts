// Which agent answers which dialled number.
import { sql } from 'drizzle-orm';
import { check, foreignKey, index, pgPolicy, pgTable, primaryKey, text, timestamp, unique } from 'drizzle-orm/pg-core';
import { applicationRole, organizationPolicies } from './access.ts';
import { agents } from './agents.ts';

export const numbers = pgTable(
  'numbers',
  {
    orgId: text('org_id').notNull(),
    id: text('id').notNull(),
    /** E.164 with its plus sign, or an extension of this appliance. One owner on the whole appliance: it is what a caller dials. */
    number: text('number').notNull(),
    agentId: text('agent_id').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.id] }),
    unique('numbers_number_unique').on(table.number),
    index('numbers_agent').on(table.orgId, table.agentId),
    foreignKey({ columns: [table.orgId, table.agentId], foreignColumns: [agents.orgId, agents.id] }),
    check('numbers_number_form', sql`${table.number} ~ '^[+]?[0-9]{2,20}$'`),
    ...organizationPolicies('all'),
    // Routing comes before the organization is known: who names a number may read the row of that number, and nothing else.
    pgPolicy('dialled_number', {
      for: 'select',
      to: applicationRole,
      using: sql`number = (select nullif(current_setting('app.dialled_number', true), ''))`,
    }),
  ],
);
