// The hourly look at tokens whose time is over. They open nothing from that moment on by themselves; this makes lists and the audit log say so.
import { and, eq, inArray, lte, sql } from 'drizzle-orm';
import type { Database } from '#db/client.ts';
import { apiTokens } from '#db/schema/api-tokens.ts';
import type { Actor } from '#shared/actor.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import { onOrganization } from '#shared/appliance-scope.ts';
import type { Clock } from '#shared/clock.ts';
import type { OrganizationId } from '#shared/id.ts';
import { announceAccessChange } from './access-change-store.ts';
import type { AuditTrail } from './audit-store.ts';

/** In one run: each has an audit entry, and a transaction may not last. The rest waits an hour, and opens nothing meanwhile. */
const MAX_EXPIRED_PER_RUN = 500;
const job: Actor = { kind: 'job', name: 'expire-tokens', address: null, requestId: null };

export type TokenExpiry = {
  /** Marks expired tokens as ended, those after a rotation's grace as rotated. Returns how many. */
  deactivateExpired(scope: ApplianceScope): Promise<number>;
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
          .limit(MAX_EXPIRED_PER_RUN)
          .for('update');
        const isReplaced = sql`exists (select 1 from api_tokens as successor
          where successor.org_id = ${apiTokens.orgId} and successor.rotated_from = ${apiTokens.id})`;
        const ended = await queries
          .update(apiTokens)
          .set({ active: false, endedAt: now, ending: sql`case when ${isReplaced} then 'rotated' else 'expired' end` })
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
  };
}
