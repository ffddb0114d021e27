// What this server owes the registry of servers, what it knows from there, and which process keeps the two in step.
import { sql } from 'drizzle-orm';
import { bigint, boolean, check, index, jsonb, pgPolicy, pgSequence, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import { adminRole, organizationPolicies } from './access.ts';

/** What a row of the outbox is about; `server` is this server's own description. */
export const outboxKinds = ['server', 'organization', 'agent'] as const;
/** What others tell through the registry. */
export const remoteKinds = ['server', 'organization', 'agent', 'licence', 'heartbeat'] as const;
/** The id of the one row of `registry_state`. */
export const THE_REGISTRY = 'registry';

/** Counts every change that the registry is to hear of. The registry keeps the highest; a restored database catches up with it. */
export const registryVersions = pgSequence('registry_versions');

/**
 * One row per thing that changed since the registry heard of it, written by triggers in the transaction of the change. It says that, not what:
 * whoever sends reads the thing as it is then, and one that is gone is sent as a tombstone. So a month away costs one row per thing.
 */
export const registryOutbox = pgTable(
  'registry_outbox',
  {
    /** Empty for what belongs to the appliance. No reference: the tombstone of an organization outlives it. */
    orgId: text('org_id').notNull(),
    kind: text('kind', { enum: outboxKinds }).notNull(),
    key: text('key').notNull(),
    version: bigint('version', { mode: 'number' }).notNull(),
    changedAt: timestamp('changed_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    /** Why the registry will not have it: not sent again before it changes. Null while it waits. */
    refusal: text('refusal'),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.kind, table.key] }),
    index('registry_outbox_waiting')
      .on(table.version)
      .where(sql`refusal is null`),
    check('registry_outbox_kind', sql`${table.kind} in ('server', 'organization', 'agent')`),
    ...organizationPolicies('all'),
  ],
);

/** What the registry told of other servers, and of what this one may do: kept, because the registry may be away for a month. */
export const registryRemotes = pgTable(
  'registry_remotes',
  {
    kind: text('kind', { enum: remoteKinds }).notNull(),
    serverId: text('server_id').notNull(),
    key: text('key').notNull(),
    version: bigint('version', { mode: 'number' }).notNull(),
    /** Parsed by its kind's schema before it is stored. */
    fields: jsonb('fields').$type<unknown>().notNull(),
    heardAt: timestamp('heard_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.kind, table.serverId, table.key] }),
    pgPolicy('appliance_admin', { for: 'all', to: adminRole, using: sql`true`, withCheck: sql`true` }),
  ],
);

/** Which process speaks to the registry, and when that went well last. */
export const registryState = pgTable(
  'registry_state',
  {
    id: text('id').primaryKey(),
    /** The process that holds the lease; null when nobody ever did. */
    holder: text('holder'),
    leaseUntil: timestamp('lease_until', { withTimezone: true, precision: 3 }),
    /** Set by whoever wants everything to be sent anew; the holder does it and takes it back. */
    isFullPushWanted: boolean('is_full_push_wanted').notNull().default(true),
    /** When the registry last had all that was waiting, by the database's clock. */
    pushedAt: timestamp('pushed_at', { withTimezone: true, precision: 3 }),
    /** When it last told everything that was new. */
    pulledAt: timestamp('pulled_at', { withTimezone: true, precision: 3 }),
    /** What went wrong since; null when nothing did. */
    lastError: text('last_error'),
    lastErrorAt: timestamp('last_error_at', { withTimezone: true, precision: 3 }),
  },
  (table) => [
    check('registry_state_one', sql`${table.id} = 'registry'`),
    pgPolicy('appliance_admin', { for: 'all', to: adminRole, using: sql`true`, withCheck: sql`true` }),
  ],
);
