// What an organization uses now, to be shown beside what its plan allows.
import { and, count, eq, gt, gte, sql, sum } from 'drizzle-orm';
import type { Database, Queries } from '#db/client.ts';
import { agents } from '#db/schema/agents.ts';
import { apiTokens } from '#db/schema/api-tokens.ts';
import { calls } from '#db/schema/calls.ts';
import { organizations } from '#db/schema/organizations.ts';
import { plans } from '#db/schema/plans.ts';
import type { OneOrganization } from '#shared/appliance-scope.ts';

/** An organization's plan and what is used of it. */
export type Usage = {
  readonly planId: string;
  readonly planName: string;
  readonly limits: {
    readonly concurrentCalls: number;
    readonly agents: number;
    readonly requestsPerMinute: number;
    readonly dailyDials: number;
    readonly storageBytes: number;
    readonly recordingRetentionDays: number;
    readonly textRetentionDays: number;
  };
  readonly used: {
    readonly agents: number;
    /** Sizes of the recordings that are kept. */
    readonly storageBytes: number;
    readonly activeTokens: number;
    /** Calls that began since `since`. */
    readonly calls: number;
    /** Their length, minutes. */
    readonly callMinutes: number;
  };
};

export type UsageStore = {
  /** Null when there is no such organization. `since`: from when calls are counted; `at`: when tokens must be good. */
  find(scope: OneOrganization, period: { since: Date; at: Date }): Promise<Usage | null>;
};

const MS_PER_MINUTE = 60_000;

const limitColumns = {
  concurrentCalls: plans.concurrentCalls,
  agents: plans.agents,
  requestsPerMinute: plans.requestsPerMinute,
  dailyDials: plans.dailyDials,
  storageBytes: plans.storageBytes,
  recordingRetentionDays: plans.recordingRetentionDays,
  textRetentionDays: plans.textRetentionDays,
};

export function createUsageStore(database: Database): UsageStore {
  return {
    find: (scope, period) =>
      database.inScope(scope, async (queries) => {
        const [plan] = await queries
          .select({ planId: plans.id, planName: plans.name, limits: limitColumns })
          .from(organizations)
          .innerJoin(plans, eq(plans.id, organizations.planId))
          .where(eq(organizations.id, scope.organizationId));
        return plan ? { ...plan, used: await readUsed(queries, scope, period) } : null;
      }),
  };
}

async function readUsed(queries: Queries, { organizationId }: OneOrganization, { since, at }: { since: Date; at: Date }) {
  const [registered] = await queries.select({ agents: count() }).from(agents).where(eq(agents.orgId, organizationId));
  const isGood = and(eq(apiTokens.orgId, organizationId), apiTokens.active, gt(apiTokens.expiresAt, at));
  const [tokens] = await queries.select({ active: count() }).from(apiTokens).where(isGood);
  const [stored] = await queries
    .select({ bytes: sum(calls.recordingBytes).mapWith(Number) })
    .from(calls)
    .where(eq(calls.orgId, organizationId));
  const [month] = await queries
    .select({ calls: count(), durationMs: sql`coalesce(sum(${calls.durationMs}), 0)`.mapWith(Number) })
    .from(calls)
    .where(and(eq(calls.orgId, organizationId), gte(calls.startedAt, since)));
  return {
    agents: registered?.agents ?? 0,
    storageBytes: stored?.bytes ?? 0,
    activeTokens: tokens?.active ?? 0,
    calls: month?.calls ?? 0,
    callMinutes: Math.round(((month?.durationMs ?? 0) / MS_PER_MINUTE) * 10) / 10,
  };
}
