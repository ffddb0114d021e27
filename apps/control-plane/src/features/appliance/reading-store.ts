// What the metrics read of every organization's rows, in one transaction every few minutes.
import { and, eq, gt, lte, sql } from 'drizzle-orm';
import type { Database } from '#db/client.ts';
import { apiTokens } from '#db/schema/api-tokens.ts';
import { calls } from '#db/schema/calls.ts';
import { trunks } from '#db/schema/trunks.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';

/** Days before their expiry at which tokens are counted: those of the warnings. */
export const EXPIRY_DAYS = [1, 7, 14] as const;
const DAY_MS = 86_400_000;

/** What was read. */
export type ApplianceReadings = {
  /** Active tokens by the days within which they expire; those that expire within one day are among those of seven, too. */
  readonly tokensExpiring: ReadonlyMap<(typeof EXPIRY_DAYS)[number], number>;
  /** Size of all recordings that were measured. */
  readonly recordingsBytes: number;
  /** Trunks that register at their carrier. */
  readonly registeringTrunks: number;
};

/** Reads all. `now` decides which tokens expire soon. */
export function readAppliance(database: Database, scope: ApplianceScope, now: Date): Promise<ApplianceReadings> {
  return database.inAppliance(scope, async (queries) => {
    const last = new Date(now.getTime() + Math.max(...EXPIRY_DAYS) * DAY_MS);
    const expiring = await queries
      .select({ expiresAt: apiTokens.expiresAt })
      .from(apiTokens)
      .where(and(eq(apiTokens.active, true), gt(apiTokens.expiresAt, now), lte(apiTokens.expiresAt, last)));
    const within = (days: number) => expiring.filter(({ expiresAt }) => expiresAt.getTime() <= now.getTime() + days * DAY_MS).length;
    const [sizes] = await queries.select({ bytes: sql<string>`coalesce(sum(${calls.recordingBytes}), 0)` }).from(calls);
    return {
      tokensExpiring: new Map(EXPIRY_DAYS.map((days) => [days, within(days)])),
      recordingsBytes: Number(sizes?.bytes ?? 0),
      registeringTrunks: await queries.$count(trunks, eq(trunks.registers, true)),
    };
  });
}
