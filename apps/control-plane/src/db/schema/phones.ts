// The SIP phones of an organization's representatives. The database is the truth; Asterisk gets what differs.
import { sql } from 'drizzle-orm';
import { check, pgTable, primaryKey, text, timestamp, unique } from 'drizzle-orm/pg-core';
import { organizationPolicies } from './access.ts';
import { organizations } from './organizations.ts';

/** Whether Asterisk has what the row says: not yet, yes, or it refused. */
export const pushStates = ['pending', 'applied', 'failed'] as const;

export const phones = pgTable(
  'phones',
  {
    orgId: text('org_id')
      .notNull()
      .references(() => organizations.id, { onDelete: 'restrict' }),
    id: text('id').notNull(),
    /** What a colleague dials; two organizations may both have a 2001. */
    extension: text('extension').notNull(),
    /** SIP user, `<extension>-<the organization's slug>`: one owner on the whole appliance. */
    username: text('username').notNull(),
    displayName: text('display_name').notNull(),
    /** HA1 of the digest, MD5 of `username:asterisk:password`; the password is shown once and kept nowhere. Null: cannot register yet. Not readable by organizations. */
    digestHa1: text('digest_ha1'),
    pushState: text('push_state', { enum: pushStates }).notNull().default('pending'),
    /** Why Asterisk does not have it; null when it does. */
    pushError: text('push_error'),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.id] }),
    unique('phones_extension_unique').on(table.orgId, table.extension),
    unique('phones_username_unique').on(table.username),
    check('phones_extension_form', sql`${table.extension} ~ '^[0-9]{2,8}$'`),
    check('phones_username_form', sql`${table.username} ~ '^[0-9]{2,8}-[a-z][a-z0-9-]{1,31}$'`),
    ...organizationPolicies('all'),
  ],
);
