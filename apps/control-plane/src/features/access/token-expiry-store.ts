// The hourly look at tokens whose time is over or nearly so. They open nothing from that moment on by themselves; this makes lists and logs say so.
import { and, eq, gt, inArray, lte, notExists, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import type { Database, Queries } from '#db/client.ts';
import { apiTokens } from '#db/schema/api-tokens.ts';
import type { Actor } from '#shared/actor.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import { onOrganization } from '#shared/appliance-scope.ts';
import type { Clock } from '#shared/clock.ts';
import type { OrganizationId } from '#shared/id.ts';
import type { Log } from '#shared/log.ts';
import { announceAccessChange } from './access-change-store.ts';
import type { AuditTrail } from './audit-store.ts';

/** In one run: each has an audit entry, and a transaction may not last. The rest waits an hour, and opens nothing meanwhile. */
const MAX_PER_RUN = 500;
/** Days before its expiry at which whoever keeps a token is warned: time to plan, time to act, the last moment. */
const [FIRST_DAYS, SECOND_DAYS, LAST_DAYS] = [14, 7, 1];
const DAY_MS = 86_400_000;
const job: Actor = { kind: 'job', name: 'expire-tokens', address: null, requestId: null };

export type TokenExpiry = {
  /** Marks expired tokens as ended, those after a rotation's grace as rotated. Returns how many. */
  deactivateExpired(scope: ApplianceScope): Promise<number>;
  /**
   * Writes a warning into the log and the organization's audit chain for tokens that expire within 14, 7 and 1 days, once each. One that was
   * replaced needs none, nor does one that was made for a shorter time than that. Returns how many.
   */
  warnOfExpiry(scope: ApplianceScope, log: Log): Promise<number>;
};

export function createTokenExpiry(parts: { database: Database; audit: AuditTrail; clock: Clock }): TokenExpiry {
  const { database, audit, clock } = parts;
  return {
    deactivateExpired: (scope) =>
      database.inAppliance(scope, async (queries) => {
        const now = clock.wallAt();
        const due = queries
          .select({ id: apiTokens.id })
          .from(apiTokens)
          .where(and(eq(apiTokens.active, true), lte(apiTokens.expiresAt, now)))
          .orderBy(apiTokens.expiresAt)
          .limit(MAX_PER_RUN)
          .for('update');
        const ended = await queries
          .update(apiTokens)
          .set({ active: false, endedAt: now, ending: sql`case when ${isUnreplaced(queries)} then 'expired' else 'rotated' end` })
          .where(inArray(apiTokens.id, due))
          .returning({ orgId: apiTokens.orgId, id: apiTokens.id, mac: apiTokens.mac, name: apiTokens.name, ending: apiTokens.ending });
        // One order of the chains for every writer of several, so that two never wait for each other.
        for (const { orgId, id, mac, name, ending } of ended.toSorted((a, b) => (a.orgId < b.orgId ? -1 : 1))) {
          await announceAccessChange(queries, { kind: 'token', mac });
          const by = { scope: onOrganization(scope, orgId as OrganizationId), actor: job };
          await audit.append(queries, by, { action: 'token.expired', resource: id, details: { name, ending } });
        }
        return ended.length;
      }),
    async warnOfExpiry(scope, log) {
      const warned = await database.inAppliance(scope, async (queries) => {
        const rows = await markWarned(queries, clock.wallAt());
        for (const { orgId, tokenId, name, expiresAt, days } of rows) {
          const by = { scope: onOrganization(scope, orgId as OrganizationId), actor: job };
          const details = { name, days, expiresAt: expiresAt.toISOString() };
          await audit.append(queries, by, { action: 'token.expiry_warned', resource: tokenId, details });
        }
        return rows;
      });
      for (const { orgId, tokenId, name, expiresAt, days } of warned)
        log.warn(
          { organizationId: orgId, tokenId, name, expiresAt: expiresAt.toISOString(), days },
          'token expires within days; rotate it',
        );
      return warned.length;
    },
  };
}

/** Marks the tokens that are to be warned of now, in the order of their organizations' chains. `days`: 14, 7 or 1. */
async function markWarned(queries: Queries, now: Date) {
  const within = (days: number) => new Date(now.getTime() + days * DAY_MS);
  const days = sql<number>`(case when ${lte(apiTokens.expiresAt, within(LAST_DAYS))} then ${LAST_DAYS}::integer
    when ${lte(apiTokens.expiresAt, within(SECOND_DAYS))} then ${SECOND_DAYS}::integer else ${FIRST_DAYS}::integer end)`;
  const due = queries
    .select({ id: apiTokens.id })
    .from(apiTokens)
    .where(
      and(
        eq(apiTokens.active, true),
        gt(apiTokens.expiresAt, now),
        lte(apiTokens.expiresAt, within(FIRST_DAYS)),
        sql`coalesce(${apiTokens.warnedDays}, ${FIRST_DAYS + 1}) > ${days}`,
        sql`${apiTokens.expiresAt} - ${apiTokens.createdAt} > ${days} * interval '1 day'`,
        isUnreplaced(queries),
      ),
    )
    .orderBy(apiTokens.expiresAt)
    .limit(MAX_PER_RUN)
    .for('update');
  const { orgId, id: tokenId, name, expiresAt, warnedDays } = apiTokens;
  const marked = await queries
    .update(apiTokens)
    .set({ warnedDays: days })
    .where(inArray(apiTokens.id, due))
    .returning({ orgId, tokenId, name, expiresAt, days: sql<number>`${warnedDays}` });
  return marked.toSorted((a, b) => (a.orgId < b.orgId ? -1 : 1));
}

/** Whether no rotation has replaced the token of the row. */
function isUnreplaced(queries: Queries) {
  const successor = alias(apiTokens, 'successor');
  const replacing = and(eq(successor.orgId, apiTokens.orgId), eq(successor.rotatedFrom, apiTokens.id));
  return notExists(queries.select({ id: successor.id }).from(successor).where(replacing));
}
