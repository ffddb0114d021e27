// The keys of organizations' machines. What is stored opens nothing: a keyed hash, and enough of the text to recognise it in a list.
import { sql } from 'drizzle-orm';
import { boolean, check, index, integer, pgPolicy, pgTable, primaryKey, text, timestamp, unique } from 'drizzle-orm/pg-core';
import type { GrantableScope } from '#shared/permission-scopes.ts';
import { applicationRole, organizationPolicies } from './access.ts';
import { organizations } from './organizations.ts';

/** Why a token was ended before it expired. */
export const tokenEndings = ['revoked', 'rotated', 'expired'] as const;

export const apiTokens = pgTable(
  'api_tokens',
  {
    orgId: text('org_id')
      .notNull()
      .references(() => organizations.id, { onDelete: 'restrict' }),
    id: text('id').notNull(),
    name: text('name').notNull(),
    /** HMAC-SHA256 of the whole token under the pepper of version `keyVersion`, 64 hexadecimal digits. */
    mac: text('mac').notNull(),
    keyVersion: integer('key_version').notNull(),
    /** The first characters and the last four of the token. */
    prefix: text('prefix').notNull(),
    lastFour: text('last_four').notNull(),
    scopes: text('scopes').array().$type<GrantableScope[]>().notNull(),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    /** Who made it, as in the audit log, such as `admin` or `token tok_…`. */
    createdBy: text('created_by').notNull(),
    expiresAt: timestamp('expires_at', { withTimezone: true, precision: 3 }).notNull(),
    /** False once it was revoked, was rotated, or the hourly job found it expired. A token is good only if active and unexpired. */
    active: boolean('active').notNull().default(true),
    /** Days before its expiry that the last warning was for; null before the first. */
    warnedDays: integer('warned_days'),
    endedAt: timestamp('ended_at', { withTimezone: true, precision: 3 }),
    ending: text('ending', { enum: tokenEndings }),
    /** The token that this one replaced. */
    rotatedFrom: text('rotated_from'),
    lastUsedAt: timestamp('last_used_at', { withTimezone: true, precision: 3 }),
    lastUsedAddress: text('last_used_address'),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.id] }),
    unique('api_tokens_mac_unique').on(table.mac),
    index('api_tokens_expiry')
      .on(table.expiresAt)
      .where(sql`active`),
    check('api_tokens_mac_form', sql`${table.mac} ~ '^[0-9a-f]{64}$'`),
    ...organizationPolicies('all'),
    // The lookup comes before the organization is known: who names a hash may read that hash's row, and nothing else.
    pgPolicy('presented_token', {
      for: 'select',
      to: applicationRole,
      using: sql`mac = (select nullif(current_setting('app.token_mac', true), ''))`,
    }),
  ],
);
