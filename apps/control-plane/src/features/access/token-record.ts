// A token as the admin and its own holder see it: its row, told in one word.
import { and, eq } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import type { Queries } from '#db/client.ts';
import { apiTokens, tokenEndings } from '#db/schema/api-tokens.ts';
import type { GrantableScope } from '#shared/permission-scopes.ts';

/** `grace`: replaced, and good for a little longer. The last three open nothing any more. */
export const tokenStates = ['active', 'grace', ...tokenEndings] as const;
export type TokenState = (typeof tokenStates)[number];

/** Everything about a token but its text, which nobody has any more. */
export type ApiToken = {
  readonly tokenId: string;
  readonly organizationId: string;
  readonly name: string;
  readonly prefix: string;
  readonly lastFour: string;
  readonly scopes: readonly GrantableScope[];
  readonly state: TokenState;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly expiresAt: Date;
  readonly endedAt: Date | null;
  readonly rotatedFrom: string | null;
  readonly rotatedTo: string | null;
  readonly lastUsedAt: Date | null;
  readonly lastUsedAddress: string | null;
};

type TokenRow = typeof apiTokens.$inferSelect;
const successor = alias(apiTokens, 'successor');

/** Selects tokens with the one that replaced each. */
export function selectTokens(queries: Queries) {
  return queries
    .select({ row: apiTokens, rotatedTo: successor.id })
    .from(apiTokens)
    .leftJoin(successor, and(eq(successor.orgId, apiTokens.orgId), eq(successor.rotatedFrom, apiTokens.id)));
}

/** The token of a row, as it is at `now`. */
export function toApiToken({ row, rotatedTo }: { row: TokenRow; rotatedTo: string | null }, now: Date): ApiToken {
  const { orgId, id, mac: _mac, keyVersion: _keyVersion, active: _active, ending: _ending, warnedDays: _warnedDays, ...shown } = row;
  return { ...shown, tokenId: id, organizationId: orgId, rotatedTo, state: stateOf({ row, rotatedTo }, now) };
}

function stateOf({ row, rotatedTo }: { row: TokenRow; rotatedTo: string | null }, now: Date): TokenState {
  if (row.ending) return row.ending;
  if (row.expiresAt > now) return rotatedTo ? 'grace' : 'active';
  return rotatedTo ? 'rotated' : 'expired';
}
