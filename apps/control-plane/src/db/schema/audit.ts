// Who did what: append-only, one chain of hashes per organization and one for the appliance itself.
import { bigint, integer, jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import { organizationPolicies } from './access.ts';

/** Stands in `org_id` for the chain of what concerns no single organization. Ids of organizations begin with `org_`. */
export const APPLIANCE_CHAIN = 'appliance';

/** Rows outlive their organization: no foreign key. */
export const auditEntries = pgTable(
  'audit_entries',
  {
    orgId: text('org_id').notNull(),
    /** 1, 2, 3 … without a gap. */
    seq: bigint('seq', { mode: 'number' }).notNull(),
    at: timestamp('at', { withTimezone: true, precision: 3 }).notNull(),
    actorKind: text('actor_kind', { enum: ['token', 'admin', 'job', 'command'] }).notNull(),
    actorName: text('actor_name').notNull(),
    address: text('address'),
    requestId: text('request_id'),
    /** Noun and verb in the past, such as `token.revoked`. */
    action: text('action').notNull(),
    /** What it was done to, such as `tok_…`. */
    resource: text('resource').notNull(),
    /** What changed, without secrets. */
    details: jsonb('details').$type<Readonly<Record<string, unknown>>>().notNull(),
    /** Hash of the row before; 64 zeros for the first. */
    previousHash: text('previous_hash').notNull(),
    /** HMAC-SHA256 of `previousHash` and the row's canonical JSON, under a key that is not in the database. */
    hash: text('hash').notNull(),
    keyVersion: integer('key_version').notNull(),
  },
  (table) => [primaryKey({ columns: [table.orgId, table.seq] }), ...organizationPolicies('all')],
);

/** Where each chain ends: locked while a row is added, and what a cut tail is found by. */
export const auditHeads = pgTable(
  'audit_heads',
  {
    orgId: text('org_id').primaryKey(),
    seq: bigint('seq', { mode: 'number' }).notNull(),
    hash: text('hash').notNull(),
    /** HMAC-SHA256 of the three columns before it: a head cannot be forged in the database alone. */
    mac: text('mac').notNull(),
    keyVersion: integer('key_version').notNull(),
  },
  () => organizationPolicies('all'),
);
