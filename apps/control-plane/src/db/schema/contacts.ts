// People who call, by their number, and what may be remembered of them from one call to the next.
import { check, foreignKey, integer, jsonb, pgTable, primaryKey, text, timestamp, unique } from 'drizzle-orm/pg-core';
import { sql } from 'drizzle-orm';
import { organizationPolicies } from './access.ts';
import { organizations } from './organizations.ts';

/** Whether facts about a contact may be kept. `unknown` until somebody says so, and treated as no. */
export const contactConsents = ['unknown', 'granted', 'refused'] as const;

export const contacts = pgTable(
  'contacts',
  {
    orgId: text('org_id')
      .notNull()
      .references(() => organizations.id, { onDelete: 'restrict' }),
    id: text('id').notNull(),
    /** Personal data: what the other side calls from. */
    number: text('number').notNull(),
    consent: text('consent', { enum: contactConsents }).notNull().default('unknown'),
    /** When `consent` was last said, and where: a call's id, or who said it over the API. */
    consentAt: timestamp('consent_at', { withTimezone: true, precision: 3 }),
    consentSource: text('consent_source'),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    lastSeenAt: timestamp('last_seen_at', { withTimezone: true, precision: 3 }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.id] }),
    unique('contacts_number').on(table.orgId, table.number),
    check('contacts_consent', sql`(${table.consent} = 'unknown') = (${table.consentAt} is null)`),
    ...organizationPolicies('all'),
  ],
);

/** One fact per name: a newer one takes the place of the one before. There are none without consent. */
export const contactFacts = pgTable(
  'contact_facts',
  {
    orgId: text('org_id').notNull(),
    contactId: text('contact_id').notNull(),
    name: text('name').notNull(),
    /** Personal data. */
    value: jsonb('value').$type<string | number | boolean>().notNull(),
    /** The call or chat that it was said in. No reference: a fact outlives its call's retention. */
    sourceId: text('source_id').notNull(),
    /** Numbers of the turns that show it. */
    turns: integer('turns').array().notNull(),
    learnedAt: timestamp('learned_at', { withTimezone: true, precision: 3 }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.contactId, table.name] }),
    foreignKey({ columns: [table.orgId, table.contactId], foreignColumns: [contacts.orgId, contacts.id] }).onDelete('cascade'),
    ...organizationPolicies('all'),
  ],
);
