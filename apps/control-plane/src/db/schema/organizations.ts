// The organizations that share the appliance.
import { sql } from 'drizzle-orm';
import { bigint, boolean, check, integer, pgTable, text, timestamp, unique } from 'drizzle-orm/pg-core';
import { organizationPolicies } from './access.ts';
import { DEFAULT_PLAN, plans } from './plans.ts';

/** What becomes of a call that there is no room for: refused to its network, held with music until there is room, or rung elsewhere. */
export const overloadChoices = ['refuse', 'queue', 'fallback'] as const;

export const organizations = pgTable(
  'organizations',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    /** Short name that never changes: part of its phones' user names, such as `2001-dental-norte`. */
    slug: text('slug').notNull(),
    /** An inactive organization's numbers are answered by nobody and its tokens open nothing. */
    active: boolean('active').notNull().default(true),
    planId: text('plan_id')
      .notNull()
      .default(DEFAULT_PLAN)
      .references(() => plans.id, { onDelete: 'restrict' }),
    overloadChoice: text('overload_choice', { enum: overloadChoices }).notNull().default('refuse'),
    /** Extension that is rung instead, and when the wait was too long; null: the appliance's own fallback. */
    overloadDestination: text('overload_destination'),
    /** The longest that a caller is held. */
    overloadMaxWaitSeconds: integer('overload_max_wait_seconds').notNull().default(120),
    /** How often a caller who is held is told his place in the line; null: never. */
    overloadPositionEverySeconds: integer('overload_position_every_seconds').default(30),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    /** Set while the organization waits to be deleted; it is inactive meanwhile. */
    deletionRequestedAt: timestamp('deletion_requested_at', { withTimezone: true, precision: 3 }),
    /** From then on it may be deleted, provided that the export below exists. */
    deleteAfter: timestamp('delete_after', { withTimezone: true, precision: 3 }),
    exportedAt: timestamp('exported_at', { withTimezone: true, precision: 3 }),
    /** File name of the export, in the exports' folder. */
    exportFile: text('export_file'),
    exportBytes: bigint('export_bytes', { mode: 'number' }),
    exportSha256: text('export_sha256'),
  },
  (table) => [
    unique('organizations_slug_unique').on(table.slug),
    check('organizations_slug_form', sql`${table.slug} ~ '^[a-z][a-z0-9-]{1,31}$'`),
    check(
      'organizations_overload',
      sql`${table.overloadChoice} in ('refuse', 'queue', 'fallback') and ${table.overloadMaxWaitSeconds} between 5 and 3600`,
    ),
    check('organizations_overload_position', sql`${table.overloadPositionEverySeconds} between 10 and 600`),
    ...organizationPolicies('all', 'id'),
  ],
);
