// The SIP uplinks of the appliance. They belong to no organization: a call's owner is decided by the number dialled.
import { sql } from 'drizzle-orm';
import { boolean, check, integer, pgPolicy, pgTable, text, timestamp, unique } from 'drizzle-orm/pg-core';
import { adminRole } from './access.ts';
import { pushStates } from './phones.ts';

export const trunks = pgTable(
  'trunks',
  {
    id: text('id').primaryKey(),
    /** Asterisk's endpoint is `trunk-<name>`. */
    name: text('name').notNull(),
    host: text('host').notNull(),
    port: integer('port').notNull(),
    /** Addresses or networks (CIDR) whose calls belong to this trunk. */
    matches: text('matches').array().notNull(),
    /** User at the carrier; null for a trunk known by its address alone. */
    username: text('username'),
    /** The password for the carrier, sealed with AES-256-GCM under a key that is not in the database. */
    sealedPassword: text('sealed_password'),
    /** Whether we register at the carrier. */
    registers: boolean('registers').notNull(),
    pushState: text('push_state', { enum: pushStates }).notNull().default('pending'),
    pushError: text('push_error'),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [
    unique('trunks_name_unique').on(table.name),
    check('trunks_name_form', sql`${table.name} ~ '^[a-z][a-z0-9-]{0,31}$'`),
    pgPolicy('appliance_admin', { for: 'all', to: adminRole, using: sql`true`, withCheck: sql`true` }),
  ],
);
