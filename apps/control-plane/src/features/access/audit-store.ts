// The audit log's chain: every row holds the hash of the one before it, so that none can be changed, removed or moved unseen.
import { eq } from 'drizzle-orm';
import canonicalize from 'canonicalize';
import type { Queries } from '#db/client.ts';
import { APPLIANCE_CHAIN, auditEntries, auditHeads } from '#db/schema/audit.ts';
import type { Actor } from '#shared/actor.ts';
import type { ApplianceScope, OneOrganization } from '#shared/appliance-scope.ts';
import type { Clock } from '#shared/clock.ts';
import type { SecretKeys } from '#shared/secret-keys.ts';
import { hmacHex } from '#shared/secret-keys.ts';

/** Something that was done. */
export type AuditEntry = {
  /** Noun and verb in the past, such as `token.revoked`. */
  readonly action: string;
  /** The id of what it was done to. */
  readonly resource: string;
  /** What changed: plain JSON, no secret and nothing that a caller said. */
  readonly details?: Readonly<Record<string, unknown>>;
};

/** Writes down who did what, in the transaction that does it: either both are there or neither. */
export type AuditTrail = {
  /** Adds to the chain of the scope's organization, or to the appliance's own. `queries` is a transaction of that scope. */
  append(queries: Queries, by: { scope: OneOrganization | ApplianceScope; actor: Actor }, entry: AuditEntry): Promise<void>;
};

/** A row as it is hashed and stored. */
export type AuditRow = typeof auditEntries.$inferSelect;

/** Previous hash of a chain's first row. */
export const FIRST_PREVIOUS_HASH = '0'.repeat(64);

export function createAuditTrail({ keys, clock }: { keys: SecretKeys; clock: Clock }): AuditTrail {
  return {
    async append(queries, { scope, actor }, { action, resource, details = {} }) {
      const orgId = 'organizationId' in scope ? scope.organizationId : APPLIANCE_CHAIN;
      const keyVersion = keys.currentVersion;
      const emptyHead = { orgId, seq: 0, hash: FIRST_PREVIOUS_HASH, mac: '', keyVersion };
      await queries.insert(auditHeads).values(emptyHead).onConflictDoNothing();
      // The lock orders the writers of one chain until their transactions end.
      const [head] = await queries.select().from(auditHeads).where(eq(auditHeads.orgId, orgId)).for('update');
      if (!head) throw new Error(`the audit chain of ${orgId} has no head in this transaction's scope`);
      const row = {
        orgId,
        seq: head.seq + 1,
        at: clock.wallAt(),
        actorKind: actor.kind,
        actorName: actor.name,
        address: actor.address,
        requestId: actor.requestId,
        action,
        resource,
        details,
        previousHash: head.hash,
        keyVersion,
      };
      const hash = auditHash(keys, row);
      await queries.insert(auditEntries).values({ ...row, hash });
      const next = { seq: row.seq, hash, keyVersion };
      await queries
        .update(auditHeads)
        .set({ ...next, mac: auditHeadMac(keys, { orgId, ...next }) })
        .where(eq(auditHeads.orgId, orgId));
    },
  };
}

/** The hash that belongs to a row with these columns. */
export function auditHash(keys: SecretKeys, row: Omit<AuditRow, 'hash'>): string {
  const { previousHash, keyVersion, ...columns } = row;
  const text = canonicalize({ ...columns, at: columns.at.toISOString() });
  return hmacHex(keys.key('audit', keyVersion), `${previousHash}\n${text}`);
}

/** The code of a chain's end. */
export function auditHeadMac(keys: SecretKeys, head: Omit<typeof auditHeads.$inferSelect, 'mac'>): string {
  return hmacHex(keys.key('audit', head.keyVersion), `head\n${head.orgId}\n${head.seq}\n${head.hash}`);
}
