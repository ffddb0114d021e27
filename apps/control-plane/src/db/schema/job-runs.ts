// Scheduled jobs, one row per job and due time: whoever inserts it first runs it, on whichever server.
import { index, pgPolicy, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import { adminRole } from './access.ts';
import { sql } from 'drizzle-orm';

export const jobRuns = pgTable(
  'job_runs',
  {
    name: text('name').notNull(),
    dueAt: timestamp('due_at', { withTimezone: true, precision: 3 }).notNull(),
    startedAt: timestamp('started_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    endedAt: timestamp('ended_at', { withTimezone: true, precision: 3 }),
    /** What went wrong; null while it runs and after it succeeded. */
    error: text('error'),
  },
  (table) => [
    primaryKey({ columns: [table.name, table.dueAt] }),
    index('job_runs_by_time').on(table.dueAt),
    pgPolicy('appliance_admin', { for: 'all', to: adminRole, using: sql`true`, withCheck: sql`true` }),
  ],
);
