// What a call came to, made once after it: the agent's configured fields, a summary, a sentiment and a disposition, each with the turns that show it.
import { foreignKey, index, integer, jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import { organizationPolicies } from './access.ts';
import { calls } from './calls.ts';

/** Who made it: a model that was asked, or rules over what happened. */
export const outcomeMethods = ['language_model', 'rules'] as const;
export const sentiments = ['positive', 'neutral', 'negative'] as const;

/** A field's value and the numbers of the turns that show it. The value is personal data. */
export type StoredField = { readonly name: string; readonly value: string | number | boolean; readonly turns: readonly number[] };
/** Why something is missing: `about` is `summary`, `sentiment`, `disposition`, `field:name` or `transcript`. */
export type StoredOutcomeNote = { readonly about: string; readonly reason: string };

export const callOutcomes = pgTable(
  'call_outcomes',
  {
    orgId: text('org_id').notNull(),
    callId: text('call_id').notNull(),
    method: text('method', { enum: outcomeMethods }).notNull(),
    /** Personal data; null when none could be shown by the call's turns. */
    summary: text('summary'),
    summaryTurns: integer('summary_turns').array().notNull(),
    sentiment: text('sentiment', { enum: sentiments }),
    sentimentTurns: integer('sentiment_turns').array().notNull(),
    disposition: text('disposition'),
    dispositionTurns: integer('disposition_turns').array().notNull(),
    fields: jsonb('fields').$type<readonly StoredField[]>().notNull(),
    notes: jsonb('notes').$type<readonly StoredOutcomeNote[]>().notNull(),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.callId] }),
    index('call_outcomes_by_disposition').on(table.orgId, table.disposition, table.createdAt),
    foreignKey({ columns: [table.orgId, table.callId], foreignColumns: [calls.orgId, calls.id] }).onDelete('cascade'),
    ...organizationPolicies('select'),
  ],
);
