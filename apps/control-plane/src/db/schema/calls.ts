// One row per call of an organization, from ring to hang-up, and the calls of numbers that nobody owns.
import { sql } from 'drizzle-orm';
import { bigint, doublePrecision, foreignKey, index, pgPolicy, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import { adminRole, applicationRole, organizationPolicies } from './access.ts';
import { agents } from './agents.ts';
import { organizations } from './organizations.ts';

/** Where a call stands. `rejected` calls were never answered and have no agent. */
export const callStates = ['ringing', 'answered', 'ended', 'rejected'] as const;

export const calls = pgTable(
  'calls',
  {
    orgId: text('org_id')
      .notNull()
      .references(() => organizations.id, { onDelete: 'restrict' }),
    id: text('id').notNull(),
    agentId: text('agent_id'),
    legId: text('leg_id'),
    /** The control plane that serves it: after a crash only the same one goes on with it, or closes it. Null in rows of earlier releases. */
    serverId: text('server_id'),
    dialledNumber: text('dialled_number').notNull(),
    /** Personal data; empty when withheld. */
    callerNumber: text('caller_number').notNull(),
    state: text('state', { enum: callStates }).notNull(),
    outcome: text('outcome'),
    reason: text('reason'),
    startedAt: timestamp('started_at', { withTimezone: true, precision: 3 }).notNull(),
    answeredAt: timestamp('answered_at', { withTimezone: true, precision: 3 }),
    endedAt: timestamp('ended_at', { withTimezone: true, precision: 3 }),
    /** From the leg's arrival until the answer. */
    setupMs: doublePrecision('setup_ms'),
    durationMs: doublePrecision('duration_ms'),
    recordingPath: text('recording_path'),
    /** Size of the recording's file, once it was seen; null before and without one. */
    recordingBytes: bigint('recording_bytes', { mode: 'number' }),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.id] }),
    foreignKey({ columns: [table.orgId, table.agentId], foreignColumns: [agents.orgId, agents.id] }),
    // The admin's look at one call knows no organization.
    index('calls_id').on(table.id),
    index('calls_by_start').on(table.orgId, table.startedAt, table.id),
    index('calls_by_start_everywhere').on(table.startedAt, table.id),
    index('calls_open')
      .on(table.startedAt)
      .where(sql`ended_at is null`),
    index('calls_unmeasured')
      .on(table.endedAt)
      .where(sql`ended_at is not null and recording_path is not null and recording_bytes is null`),
    ...organizationPolicies('select'),
    // At start the appliance closes the rows that a dead process left open.
    pgPolicy('appliance_closes', { for: 'update', to: adminRole, using: sql`ended_at is null`, withCheck: sql`true` }),
    // Sizes of recordings, and what retention and the deletion of an organization take away: never of a call that is up.
    pgPolicy('appliance_measures', {
      for: 'update',
      to: adminRole,
      using: sql`ended_at is not null`,
      withCheck: sql`ended_at is not null`,
    }),
    pgPolicy('appliance_deletes', { for: 'delete', to: adminRole, using: sql`ended_at is not null` }),
  ],
);

/** Calls of numbers that nobody owns: written by routing, read by the appliance's admin alone. */
export const rejectedCalls = pgTable(
  'rejected_calls',
  {
    id: text('id').primaryKey(),
    dialledNumber: text('dialled_number').notNull(),
    /** Personal data; empty when withheld. */
    callerNumber: text('caller_number').notNull(),
    outcome: text('outcome').notNull(),
    rejectedAt: timestamp('rejected_at', { withTimezone: true, precision: 3 }).notNull(),
  },
  (table) => [
    index('rejected_calls_by_time').on(table.rejectedAt),
    pgPolicy('routing_records', { for: 'insert', to: applicationRole, withCheck: sql`true` }),
    pgPolicy('appliance_admin', { for: 'select', to: adminRole, using: sql`true` }),
    pgPolicy('appliance_retention', { for: 'delete', to: adminRole, using: sql`true` }),
  ],
);
