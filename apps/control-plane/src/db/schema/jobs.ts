// Work that a transaction leaves to be done after it: one row per piece of work, taken by one worker at a time, on whichever server.
import { sql } from 'drizzle-orm';
import { check, index, integer, jsonb, pgTable, primaryKey, text, timestamp, unique } from 'drizzle-orm/pg-core';
import { organizationPolicies } from './access.ts';
import { organizations } from './organizations.ts';

/** `ready`: waits for `nextAttemptAt`; `running`: a worker holds it until `leaseUntil`; `dead`: given up, until somebody asks for it again. */
export const jobStates = ['ready', 'running', 'done', 'dead'] as const;

/** What there is to be done: each kind has one handler. */
export const jobKinds = ['call_outcome', 'turn_gaps'] as const;

export const jobs = pgTable(
  'jobs',
  {
    orgId: text('org_id')
      .notNull()
      .references(() => organizations.id, { onDelete: 'restrict' }),
    id: text('id').notNull(),
    kind: text('kind', { enum: jobKinds }).notNull(),
    /** What it is about, such as a call's id: one job per kind and key, however often it is asked for. */
    key: text('key').notNull(),
    /** Ids and numbers; nothing that anybody said. */
    payload: jsonb('payload').$type<unknown>().notNull(),
    state: text('state', { enum: jobStates }).notNull().default('ready'),
    /** Attempts begun; names the one that holds the job, so that a slow worker cannot end what another one has taken over. */
    attempts: integer('attempts').notNull().default(0),
    maxAttempts: integer('max_attempts').notNull(),
    nextAttemptAt: timestamp('next_attempt_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    /** Until when its worker must say that it lives; null when nobody has it. */
    leaseUntil: timestamp('lease_until', { withTimezone: true, precision: 3 }),
    /** Why the last attempt failed; names no caller. Null before the first failure. */
    lastError: text('last_error'),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    /** When it was done or given up. */
    endedAt: timestamp('ended_at', { withTimezone: true, precision: 3 }),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.id] }),
    unique('jobs_key').on(table.orgId, table.kind, table.key),
    // Organizations take turns: the next job of each is found without a look at its others.
    index('jobs_ready')
      .on(table.orgId, table.nextAttemptAt)
      .where(sql`state = 'ready'`),
    index('jobs_running')
      .on(table.leaseUntil)
      .where(sql`state = 'running'`),
    index('jobs_ended')
      .on(table.state, table.endedAt)
      .where(sql`ended_at is not null`),
    // The admin's look at one job knows no organization.
    index('jobs_id').on(table.id),
    check('jobs_lease', sql`(${table.state} = 'running') = (${table.leaseUntil} is not null)`),
    check('jobs_end', sql`(${table.state} in ('done', 'dead')) = (${table.endedAt} is not null)`),
    ...organizationPolicies('all'),
  ],
);
