// The measurements of a server as rows: every ten seconds for a day, then as means of five minutes, and gone after a week. And what load tests said of the estimate.
import { and, asc, desc, eq, gte, inArray, lt, sql } from 'drizzle-orm';
import type { Database } from '#db/client.ts';
import type { measuredServices } from '#db/schema/process-metadata.ts';
import { capacityTests, processMetadata } from '#db/schema/process-metadata.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import type { Actor } from '#shared/actor.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';

export type MeasuredService = (typeof measuredServices)[number];
/** One service in one interval. */
export type ProcessSample = Omit<typeof processMetadata.$inferSelect, 'server' | 'intervalSeconds'>;
/** A load test's word on the estimate. */
export type CapacityTest = Omit<typeof capacityTests.$inferSelect, 'server'>;

export type ProcessSampleStore = {
  /** Writes the samples of one interval. Of two processes on one server that measure the same interval, one writes. */
  insert(scope: ApplianceScope, samples: readonly ProcessSample[]): Promise<void>;
  /** This server's samples of ten seconds since `since`, the oldest first. */
  listRecent(scope: ApplianceScope, since: Date): Promise<ProcessSample[]>;
  /** Thins out what is older than a day and removes what is older than a week, on all servers. Returns how many rows went. */
  thin(scope: ApplianceScope, now: Date): Promise<number>;
  /** The last test of this server; null when there was none. */
  findLastTest(scope: ApplianceScope): Promise<CapacityTest | null>;
  recordTest(by: { readonly scope: ApplianceScope; readonly actor: Actor }, test: Omit<CapacityTest, 'at'>): Promise<CapacityTest>;
};

/** Length of an interval as measured, s, and of one that is older than a day. */
export const SAMPLE_SECONDS = 10;
const OLD_SAMPLE_SECONDS = 300;
const DAY_MS = 86_400_000;
const KEPT_DAYS = 7;
/** Hours that are thinned out in one run: the job comes every hour, and a server that slept for a week catches up in a day. */
const THINNED_HOURS = 8;
/** A day of nine services; nobody reads more. */
const MAX_READ = 80_000;

export function createProcessSampleStore({
  database,
  audit,
  server,
}: {
  database: Database;
  audit: AuditTrail;
  server: string;
}): ProcessSampleStore {
  return {
    insert: (scope, samples) =>
      database.inAppliance(scope, async (queries) => {
        const rows = samples.map((sample) => ({ server, intervalSeconds: SAMPLE_SECONDS, ...sample }));
        if (rows.length > 0) await queries.insert(processMetadata).values(rows).onConflictDoNothing();
      }),
    listRecent: (scope, since) =>
      database.inAppliance(scope, async (queries) => {
        const own = and(eq(processMetadata.server, server), eq(processMetadata.intervalSeconds, SAMPLE_SECONDS));
        const rows = await queries
          .select()
          .from(processMetadata)
          .where(and(own, gte(processMetadata.at, since)))
          .orderBy(asc(processMetadata.at))
          .limit(MAX_READ);
        return rows.map(({ server: _server, intervalSeconds: _intervalSeconds, ...sample }) => sample);
      }),
    thin: (scope, now) => thin(database, scope, now),
    findLastTest: (scope) =>
      database.inAppliance(scope, async (queries) => {
        const [row] = await queries
          .select()
          .from(capacityTests)
          .where(eq(capacityTests.server, server))
          .orderBy(desc(capacityTests.at))
          .limit(1);
        return row ? { at: row.at, estimatedCalls: row.estimatedCalls, measuredCalls: row.measuredCalls, comment: row.comment } : null;
      }),
    recordTest: (by, test) =>
      database.inAppliance(by.scope, async (queries) => {
        const [row] = await queries
          .insert(capacityTests)
          .values({ server, ...test })
          .returning();
        if (!row) throw new Error('a load test was not stored');
        await audit.append(queries, by, { action: 'capacity.tested', resource: server, details: test });
        const { server: _server, ...stored } = row;
        return stored;
      }),
  };
}

/** The oldest hours of what is older than a day become means of five minutes. Maxima would be more careful, but capacity is estimated from what calls cost on average. */
async function thin(database: Database, scope: ApplianceScope, now: Date): Promise<number> {
  return await database.inAppliance(scope, async (queries) => {
    const isFine = eq(processMetadata.intervalSeconds, SAMPLE_SECONDS);
    const dayAgo = new Date(now.getTime() - DAY_MS);
    const [oldest] = await queries
      .select({ at: processMetadata.at })
      .from(processMetadata)
      .where(and(isFine, lt(processMetadata.at, dayAgo)))
      .orderBy(asc(processMetadata.at))
      .limit(1);
    let removed = 0;
    if (oldest) {
      // Whole intervals alone: one that is cut in two would be written twice.
      const whole = OLD_SAMPLE_SECONDS * 1_000;
      const limit = Math.min(dayAgo.getTime(), oldest.at.getTime() + THINNED_HOURS * 3_600_000);
      const until = new Date(Math.max(Math.floor(limit / whole) * whole, 0));
      const old = and(isFine, lt(processMetadata.at, until));
      await queries.execute(sql`
        insert into ${processMetadata} (server, service, interval_seconds, at, live_calls, cpu_cores, memory_bytes, event_loop_lag_ms, queue_depth,
          vram_used_bytes, vram_total_bytes, busy, slots, requests, latency_mean_ms, latency_p95_ms)
        select server, service, ${OLD_SAMPLE_SECONDS}::int,
          to_timestamp(floor(extract(epoch from at) / ${OLD_SAMPLE_SECONDS}::int) * ${OLD_SAMPLE_SECONDS}::int),
          avg(live_calls), avg(cpu_cores), avg(memory_bytes), max(event_loop_lag_ms), max(queue_depth), avg(vram_used_bytes), max(vram_total_bytes),
          avg(busy), max(slots), sum(requests), avg(latency_mean_ms), max(latency_p95_ms)
        from ${processMetadata} where ${old} group by 1, 2, 4 on conflict do nothing`);
      removed += (await queries.delete(processMetadata).where(old).returning({ at: processMetadata.at })).length;
    }
    const expired = new Date(now.getTime() - KEPT_DAYS * DAY_MS);
    const gone = and(inArray(processMetadata.intervalSeconds, [SAMPLE_SECONDS, OLD_SAMPLE_SECONDS]), lt(processMetadata.at, expired));
    removed += (await queries.delete(processMetadata).where(gone).returning({ at: processMetadata.at })).length;
    return removed;
  });
}
