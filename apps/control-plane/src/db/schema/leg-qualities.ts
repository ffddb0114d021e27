// How well a party's side of a call was carried over the network: RTCP's figures at its end, and what they mean to an ear.
import { doublePrecision, foreignKey, integer, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import { organizationPolicies } from './access.ts';
import { calls } from './calls.ts';

/** Whose side it is; of the representatives who were rung for one caller, the last who answered. */
export const qualityLegs = ['caller', 'representative'] as const;

export const legQualities = pgTable(
  'leg_qualities',
  {
    orgId: text('org_id').notNull(),
    callId: text('call_id').notNull(),
    leg: text('leg', { enum: qualityLegs }).notNull(),
    /** Asterisk's name of it, such as `ulaw`. */
    codec: text('codec').notNull(),
    packetsReceived: integer('packets_received').notNull(),
    packetsSent: integer('packets_sent').notNull(),
    /** Share of the packets that did not arrive, 0 to 1: on the way to us, and on the way to the party. Null: the party sent no RTCP. */
    receivedLossRatio: doublePrecision('received_loss_ratio').notNull(),
    sentLossRatio: doublePrecision('sent_loss_ratio'),
    receivedJitterMs: doublePrecision('received_jitter_ms').notNull(),
    sentJitterMs: doublePrecision('sent_jitter_ms'),
    roundTripMs: doublePrecision('round_trip_ms'),
    /** By the E-model, 1 to 4.5: of what we heard, and of what the party heard. */
    receivedMos: doublePrecision('received_mos').notNull(),
    sentMos: doublePrecision('sent_mos'),
    measuredAt: timestamp('measured_at', { withTimezone: true, precision: 3 }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.callId, table.leg] }),
    foreignKey({ columns: [table.orgId, table.callId], foreignColumns: [calls.orgId, calls.id] }).onDelete('cascade'),
    ...organizationPolicies('select'),
  ],
);
