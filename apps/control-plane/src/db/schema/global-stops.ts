// Whether new calls are taken at all: one row for all servers of the database. What went before is in the audit log.
import { sql } from 'drizzle-orm';
import { check, integer, pgPolicy, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import { adminRole } from './access.ts';

/** The id of the one row. */
export const THE_STOP = 'appliance';
export const stopStates = ['running', 'stopped'] as const;
/** Who stopped or resumed: a person, or the appliance because of failures and probes. */
export const stopCauses = ['admin', 'failures', 'probes'] as const;

export const globalStops = pgTable(
  'global_stops',
  {
    id: text('id').primaryKey(),
    state: text('state', { enum: stopStates }).notNull(),
    cause: text('cause', { enum: stopCauses }).notNull(),
    reason: text('reason').notNull(),
    /** Counts the changes, so that two servers do not answer one with two. */
    revision: integer('revision').notNull(),
    changedAt: timestamp('changed_at', { withTimezone: true, precision: 3 }).notNull(),
  },
  (table) => [
    check('global_stops_one', sql`${table.id} = 'appliance'`),
    check('global_stops_state', sql`${table.state} in ('running', 'stopped') and ${table.cause} in ('admin', 'failures', 'probes')`),
    pgPolicy('appliance_admin', { for: 'all', to: adminRole, using: sql`true`, withCheck: sql`true` }),
  ],
);
