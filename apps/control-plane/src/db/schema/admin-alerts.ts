// What the administrator is to be told: one row for each alert and channel, sent by one server at a time until it arrived or was given up.
import { sql } from 'drizzle-orm';
import { check, index, integer, jsonb, pgPolicy, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import { adminRole } from './access.ts';

export const alertStates = ['waiting', 'sent', 'dead'] as const;

export const adminAlerts = pgTable(
  'admin_alerts',
  {
    id: text('id').notNull(),
    channel: text('channel').notNull(),
    /** What it is about: the same key is not told again within a while. */
    key: text('key').notNull(),
    /** The alert as it is sent; no number, no name, nothing that anybody said. */
    alert: jsonb('alert').$type<unknown>().notNull(),
    state: text('state', { enum: alertStates }).notNull().default('waiting'),
    attempts: integer('attempts').notNull().default(0),
    nextAttemptAt: timestamp('next_attempt_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    /** Until when another server leaves it alone; null when nobody sends it. */
    leaseUntil: timestamp('lease_until', { withTimezone: true, precision: 3 }),
    lastError: text('last_error'),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    endedAt: timestamp('ended_at', { withTimezone: true, precision: 3 }),
  },
  (table) => [
    primaryKey({ columns: [table.id, table.channel] }),
    index('admin_alerts_by_key').on(table.key, table.createdAt),
    index('admin_alerts_waiting')
      .on(table.nextAttemptAt)
      .where(sql`state = 'waiting'`),
    check('admin_alerts_end', sql`(${table.state} = 'waiting') = (${table.endedAt} is null)`),
    pgPolicy('appliance_admin', { for: 'all', to: adminRole, using: sql`true`, withCheck: sql`true` }),
  ],
);
