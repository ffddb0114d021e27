// What the processes of each server took, by time: the measurements that its capacity is estimated from, and the load tests that check the estimate.
import { sql } from 'drizzle-orm';
import { bigint, doublePrecision, index, integer, pgPolicy, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import { adminRole } from './access.ts';

/** Who is measured: the processes, the models by role, and the machine. */
export const measuredServices = [
  'control_plane',
  'asterisk',
  'postgres',
  'inference',
  'speech_to_text',
  'language_model',
  'text_to_speech',
  'host',
  'gpu',
] as const;

/** One row per server, service and interval. Null: this service has no such figure, or it could not be read. */
export const processMetadata = pgTable(
  'process_metadata',
  {
    server: text('server').notNull(),
    service: text('service', { enum: measuredServices }).notNull(),
    /** Length of the interval that the row stands for, s: 10 as measured, 300 once it is older than a day. */
    intervalSeconds: integer('interval_seconds').notNull(),
    /** Beginning of the interval. */
    at: timestamp('at', { withTimezone: true, precision: 3 }).notNull(),
    liveCalls: doublePrecision('live_calls').notNull(),
    /** 1 is one core. */
    cpuCores: doublePrecision('cpu_cores'),
    memoryBytes: bigint('memory_bytes', { mode: 'number' }),
    eventLoopLagMs: doublePrecision('event_loop_lag_ms'),
    queueDepth: doublePrecision('queue_depth'),
    vramUsedBytes: bigint('vram_used_bytes', { mode: 'number' }),
    vramTotalBytes: bigint('vram_total_bytes', { mode: 'number' }),
    /** Of a model: requests that it worked on at once, on average, and how many it can. */
    busy: doublePrecision('busy'),
    slots: doublePrecision('slots'),
    requests: integer('requests'),
    latencyMeanMs: doublePrecision('latency_mean_ms'),
    latencyP95Ms: doublePrecision('latency_p95_ms'),
  },
  (table) => [
    primaryKey({ columns: [table.server, table.service, table.intervalSeconds, table.at] }),
    index('process_metadata_by_age').on(table.intervalSeconds, table.at),
    pgPolicy('appliance_admin', { for: 'all', to: adminRole, using: sql`true`, withCheck: sql`true` }),
  ],
);

/** A load test's word on the estimate. */
export const capacityTests = pgTable(
  'capacity_tests',
  {
    server: text('server').notNull(),
    at: timestamp('at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    /** Live calls that the estimate allowed, and at how many the limit was really met. */
    estimatedCalls: doublePrecision('estimated_calls').notNull(),
    measuredCalls: doublePrecision('measured_calls').notNull(),
    /** What was loaded, in words. */
    comment: text('comment').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.server, table.at] }),
    pgPolicy('appliance_admin', { for: 'all', to: adminRole, using: sql`true`, withCheck: sql`true` }),
  ],
);
