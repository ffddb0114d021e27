// What an organization may use, by the plan it is on. Plans belong to the appliance; an organization sees its own.
import { sql } from 'drizzle-orm';
import { bigint, check, integer, pgPolicy, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import { adminRole, applicationRole } from './access.ts';

/** The plan of an organization that was given none. Made by the migration. */
export const DEFAULT_PLAN = 'standard';

export const plans = pgTable(
  'plans',
  {
    /** A slug such as `standard`. */
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    /** Calls up at once; one more is refused. */
    concurrentCalls: integer('concurrent_calls').notNull(),
    /** Agents registered. */
    agents: integer('agents').notNull(),
    /** API requests a minute, all tokens of the organization together. */
    requestsPerMinute: integer('requests_per_minute').notNull(),
    /** Calls placed a day. */
    dailyDials: integer('daily_dials').notNull(),
    /** Recordings kept, bytes. */
    storageBytes: bigint('storage_bytes', { mode: 'number' }).notNull(),
    /** Days that recordings and that texts are kept. */
    recordingRetentionDays: integer('recording_retention_days').notNull(),
    textRetentionDays: integer('text_retention_days').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [
    check('plans_id_form', sql`${table.id} ~ '^[a-z][a-z0-9-]{1,31}$'`),
    // Through the policy of `organizations` an organization sees its own row there, so its own plan here.
    pgPolicy('own_plan', { for: 'select', to: applicationRole, using: sql`id = (select plan_id from organizations)` }),
    pgPolicy('appliance_admin', { for: 'all', to: adminRole, using: sql`true`, withCheck: sql`true` }),
  ],
);
