// The smaller happenings of a call, kept for reading it afterwards.
import { bigint, foreignKey, index, jsonb, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import { organizationPolicies } from './access.ts';
import { calls } from './calls.ts';

/** A note's fields as they are stored. */
export type NoteFields = Readonly<Record<string, string | number | boolean | null>>;

export const callEvents = pgTable(
  'call_events',
  {
    orgId: text('org_id').notNull(),
    callId: text('call_id').notNull(),
    /** Made when the note was recorded, so that a repeated write stores it once. */
    id: uuid('id').notNull(),
    /** Order of notes with the same instant. */
    position: bigint('position', { mode: 'number' }).generatedAlwaysAsIdentity(),
    name: text('name').notNull(),
    fields: jsonb('fields').$type<NoteFields>().notNull(),
    at: timestamp('at', { withTimezone: true, precision: 3 }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.callId, table.id] }),
    index('call_events_by_time').on(table.orgId, table.callId, table.at, table.position),
    foreignKey({ columns: [table.orgId, table.callId], foreignColumns: [calls.orgId, calls.id] }).onDelete('cascade'),
    ...organizationPolicies('select'),
  ],
);
