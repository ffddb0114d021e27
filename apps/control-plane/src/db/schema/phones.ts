// The SIP phones of an organization's representatives. Their secrets belong to the telephone system, not to this table.
import { sql } from 'drizzle-orm';
import { check, pgTable, primaryKey, text, timestamp, unique } from 'drizzle-orm/pg-core';
import { organizationPolicies } from './access.ts';
import { organizations } from './organizations.ts';

export const phones = pgTable(
  'phones',
  {
    orgId: text('org_id')
      .notNull()
      .references(() => organizations.id, { onDelete: 'restrict' }),
    id: text('id').notNull(),
    extension: text('extension').notNull(),
    displayName: text('display_name').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.id] }),
    unique('phones_extension_unique').on(table.extension),
    check('phones_extension_form', sql`${table.extension} ~ '^[0-9]{2,10}$'`),
    ...organizationPolicies('all'),
  ],
);
