// From the text that a client presents to the principal that it stands for: the only place that reads tokens before an organization is known.
import { hash, timingSafeEqual } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { LRUCache } from 'lru-cache';
import type { Database } from '#db/client.ts';
import type { Clock } from '#shared/clock.ts';
import type { ApiTokenId, OrganizationId } from '#shared/id.ts';
import type { GrantableScope } from '#shared/permission-scopes.ts';
import type { Principal } from '#shared/principal.ts';
import type { SecretKeys } from '#shared/secret-keys.ts';
import { hmacHex } from '#shared/secret-keys.ts';
import type { TokenText } from './token-text.ts';

/** A token that is good now, and the keyed hash under which it is stored. */
export type FoundToken = { readonly mac: string; readonly principal: Principal };

export type TokenLookup = {
  /** The keyed hashes that the token may be stored under, newest key first. Never empty. */
  macsOf(text: TokenText): readonly string[];
  /** The token stored under one of the hashes; null for one that is unknown, ended, expired, or of an inactive organization. */
  find(macs: readonly string[]): Promise<FoundToken | null>;
};

/** The keyed hash of a token under one version of the keys. */
export function tokenMac(keys: SecretKeys, text: TokenText, version: number): string {
  return hmacHex(keys.key('api-token', version), text);
}

/** Tokens whose keyed hashes are remembered; 300 bytes each. */
const MAX_HASHED = 10_000;

export function createTokenLookup(parts: { database: Database; keys: SecretKeys; clock: Clock }): TokenLookup {
  const { database, keys, clock } = parts;
  // A keyed hash takes 25 us, a tenth of a whole request, and a plain one 1 us. By the plain one they are found again: no token's text is kept.
  const hashed = new LRUCache<string, readonly string[]>({ max: MAX_HASHED });
  return {
    macsOf(text) {
      const digest = hash('sha256', text, 'base64');
      const known = hashed.get(digest);
      if (known) return known;
      const macs = keys.versions.map((version) => tokenMac(keys, text, version));
      hashed.set(digest, macs);
      return macs;
    },
    async find(macs) {
      const row = (await readTokens(database, macs)).find(({ mac }) => macs.some((presented) => isSameMac(presented, mac)));
      if (!row?.active || !row.organizationActive) return null;
      const expiresAt = new Date(row.expiresAtMs);
      if (expiresAt <= clock.wallAt()) return null;
      const { mac, tokenId, organizationId, scopes, planId, requestsPerMinute } = row;
      return { mac, principal: { tokenId, organizationId, scopes, expiresAt, planId, requestsPerMinute } };
    },
  };
}

/** Every version of the keys in one query: a token is stored under one of them. */
function readTokens(database: Database, macs: readonly string[]) {
  const found = sql.join(
    macs.map((mac) => sql`select * from find_token(${mac})`),
    sql` union all `,
  );
  return database.unscoped((queries) =>
    queries
      .select({
        organizationId: sql<OrganizationId>`org_id`,
        tokenId: sql<ApiTokenId>`token_id`,
        mac: sql<string>`mac`,
        scopes: sql<GrantableScope[]>`scopes`,
        // The drivers disagree on what a raw column's time is.
        expiresAtMs: sql<number>`(extract(epoch from expires_at) * 1000)::float8`,
        active: sql<boolean>`active`,
        organizationActive: sql<boolean>`organization_active`,
        planId: sql<string>`plan_id`,
        requestsPerMinute: sql<number>`requests_per_minute`,
      })
      .from(sql`(${found}) as found`),
  );
}

function isSameMac(presented: string, stored: string): boolean {
  return timingSafeEqual(Buffer.from(presented, 'hex'), Buffer.from(stored, 'hex'));
}
