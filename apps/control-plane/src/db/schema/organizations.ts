// The organizations that share the appliance.
import { boolean, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import { organizationPolicies } from './access.ts';

export const organizations = pgTable(
  'organizations',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    /** An inactive organization's numbers are answered by nobody. */
    active: boolean('active').notNull().default(true),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  () => organizationPolicies('all', 'id'),
);
