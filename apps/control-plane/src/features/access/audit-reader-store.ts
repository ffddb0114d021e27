// The audit log as it is read: a chain's rows by pages, and where each chain ends.
import { and, asc, desc, eq, gt, lt } from 'drizzle-orm';
import type { Database } from '#db/client.ts';
import { auditEntries, auditHeads } from '#db/schema/audit.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import type { AuditRow } from './audit-store.ts';

/** Where a chain ends. */
export type AuditHead = typeof auditHeads.$inferSelect;
/** Rows in order and the head that belongs to them: read in one statement, so that a row written meanwhile is in both or in neither. */
export type ChainPage = { readonly rows: readonly AuditRow[]; readonly head: AuditHead | null };

export type AuditReader = {
  /** Rows of a chain from the newest on, at most `limit`, those before `before` only. */
  list(scope: ApplianceScope, chain: string, page: { limit: number; before: number | null }): Promise<AuditRow[]>;
  /** Rows of a chain in order, at most `limit`, those after `after` only. */
  readForward(scope: ApplianceScope, chain: string, page: { limit: number; after: number }): Promise<ChainPage>;
  /** Every chain that has a row or a head, in no order. */
  listChains(scope: ApplianceScope): Promise<string[]>;
  /** Where every chain ends. */
  listHeads(scope: ApplianceScope): Promise<AuditHead[]>;
};

export function createAuditReader(database: Database): AuditReader {
  return {
    list: (scope, chain, { limit, before }) =>
      database.inAppliance(scope, (queries) =>
        queries
          .select()
          .from(auditEntries)
          .where(and(eq(auditEntries.orgId, chain), before === null ? undefined : lt(auditEntries.seq, before)))
          .orderBy(desc(auditEntries.seq))
          .limit(limit),
      ),
    readForward: (scope, chain, { limit, after }) =>
      database.inAppliance(scope, async (queries) => {
        const found = await queries
          .select({ row: auditEntries, head: auditHeads })
          .from(auditEntries)
          .leftJoin(auditHeads, eq(auditHeads.orgId, auditEntries.orgId))
          .where(and(eq(auditEntries.orgId, chain), gt(auditEntries.seq, after)))
          .orderBy(asc(auditEntries.seq))
          .limit(limit);
        const [first] = found;
        if (first) return { rows: found.map(({ row }) => row), head: first.head };
        // From the head's side, for a chain without rows; a first row written between the two statements is found with its head.
        const ends = await queries
          .select({ row: auditEntries, head: auditHeads })
          .from(auditHeads)
          .leftJoin(auditEntries, and(eq(auditEntries.orgId, auditHeads.orgId), gt(auditEntries.seq, after)))
          .where(eq(auditHeads.orgId, chain))
          .orderBy(asc(auditEntries.seq))
          .limit(limit);
        return { rows: ends.flatMap(({ row }) => (row ? [row] : [])), head: ends[0]?.head ?? null };
      }),
    listChains: (scope) =>
      database.inAppliance(scope, async (queries) => {
        const heads = await queries.select({ chain: auditHeads.orgId }).from(auditHeads);
        const entries = await queries.selectDistinct({ chain: auditEntries.orgId }).from(auditEntries);
        return [...new Set([...heads, ...entries].map(({ chain }) => chain))];
      }),
    listHeads: (scope) => database.inAppliance(scope, (queries) => queries.select().from(auditHeads).orderBy(asc(auditHeads.orgId))),
  };
}
