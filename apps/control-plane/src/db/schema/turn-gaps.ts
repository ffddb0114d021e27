// The silence that a caller really heard before each answer, measured on the call's recording after it.
import { doublePrecision, foreignKey, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { organizationPolicies } from './access.ts';
import { turns } from './turns.ts';

export const turnGaps = pgTable(
  'turn_gaps',
  {
    orgId: text('org_id').notNull(),
    callId: text('call_id').notNull(),
    /** The agent's turn that ended the silence. */
    seq: integer('seq').notNull(),
    heardGapMs: doublePrecision('heard_gap_ms').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.callId, table.seq] }),
    foreignKey({
      columns: [table.orgId, table.callId, table.seq],
      foreignColumns: [turns.orgId, turns.callId, turns.seq],
    }).onDelete('cascade'),
    ...organizationPolicies('select'),
  ],
);
