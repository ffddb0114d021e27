// What was said in a call, turn by turn, and how long each stage of a turn took.
import { boolean, doublePrecision, foreignKey, integer, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import { organizationPolicies } from './access.ts';
import { calls } from './calls.ts';

export const turns = pgTable(
  'turns',
  {
    orgId: text('org_id').notNull(),
    callId: text('call_id').notNull(),
    seq: integer('seq').notNull(),
    role: text('role', { enum: ['caller', 'agent'] }).notNull(),
    /** Personal data; of the agent, what was heard. */
    text: text('text').notNull(),
    input: text('input', { enum: ['speech', 'dtmf'] }),
    startedAt: timestamp('started_at', { withTimezone: true, precision: 3 }).notNull(),
    endedAt: timestamp('ended_at', { withTimezone: true, precision: 3 }).notNull(),
    /** Of the agent: how much of the reply's sound was heard. */
    heardMs: doublePrecision('heard_ms'),
    interrupted: boolean('interrupted').notNull(),
    endpointMs: doublePrecision('endpoint_ms'),
    speechToTextMs: doublePrecision('stt_ms'),
    replyMs: doublePrecision('reply_ms'),
    textToSpeechMs: doublePrecision('tts_ms'),
    firstFrameMs: doublePrecision('first_frame_ms'),
    /** Of the agent: silence from the caller's last sound until the first of the answer, as we timed it. What the caller heard is in `turn_gaps`. */
    gapMs: doublePrecision('gap_ms'),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.callId, table.seq] }),
    foreignKey({ columns: [table.orgId, table.callId], foreignColumns: [calls.orgId, calls.id] }).onDelete('cascade'),
    ...organizationPolicies('select'),
  ],
);
