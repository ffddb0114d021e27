// Tokens as rows: made, replaced and ended by the admin, each change in one transaction with its audit entry and its notification.
import { and, count, desc, eq, gt, lt } from 'drizzle-orm';
import type { Database, Queries, ReadScope } from '#db/client.ts';
import { apiTokens } from '#db/schema/api-tokens.ts';
import { organizations } from '#db/schema/organizations.ts';
import type { Actor } from '#shared/actor.ts';
import type { AdminOrgScope, ApplianceScope, OneOrganization } from '#shared/appliance-scope.ts';
import { onOrganization } from '#shared/appliance-scope.ts';
import type { Clock } from '#shared/clock.ts';
import type { OrganizationId } from '#shared/id.ts';
import { newId } from '#shared/id.ts';
import type { GrantableScope } from '#shared/permission-scopes.ts';
import type { SecretKeys } from '#shared/secret-keys.ts';
import { announceAccessChange } from './access-change-store.ts';
import type { AuditTrail } from './audit-store.ts';
import { tokenMac } from './token-lookup-store.ts';
import type { ApiToken } from './token-record.ts';
import { selectTokens, toApiToken } from './token-record.ts';
import type { TokenText } from './token-text.ts';
import { makeTokenText, shownParts } from './token-text.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** A token is good for this long when nothing shorter is asked for, and never longer (product row A2). */
export const MAX_TOKEN_DAYS = 90;
/** A replaced token may go on for a week at most: time to bring the new one to every machine. */
export const MAX_GRACE_HOURS = 168;
/** Good tokens of one organization at once; one more is refused. A list of more is a sign that nobody revokes them. */
export const MAX_LIVE_TOKENS = 100;

const DELETION_PENDING = 'the organization waits to be deleted; restore it first';

/** What a new token is called and may do, and for how long. */
export type TokenDraft = { readonly name: string; readonly scopes: readonly GrantableScope[]; readonly expiresInDays?: number };
/** How a token is replaced: with 0 hours of grace the old one is dead at once. */
export type RotationOptions = { readonly graceHours: number; readonly expiresInDays?: number };
/** A token just made, with the text that is shown this once. */
export type NewToken = { readonly token: ApiToken; readonly text: TokenText };
/** Who changes something, with which right. */
export type By<Scope> = { readonly scope: Scope; readonly actor: Actor };

/** What came of a change. `refused` says in a sentence what stands against it. */
export type TokenChange<Done> =
  | { readonly kind: 'done'; readonly value: Done }
  | { readonly kind: 'not_found' }
  | { readonly kind: 'refused'; readonly reason: string };

export type TokenStore = {
  /** Makes a token of an organization. `not_found`: the organization. */
  create(by: By<AdminOrgScope>, draft: TokenDraft): Promise<TokenChange<NewToken>>;
  /** One page of an organization's tokens with their history, newest first, from the one after `before`; null without such an organization. */
  list(scope: OneOrganization, page: { readonly before: string | null; readonly limit: number }): Promise<ApiToken[] | null>;
  find(scope: ReadScope, tokenId: string): Promise<ApiToken | null>;
  /** Makes a token with the name and scopes of another, which ends at once or after a grace. */
  rotate(by: By<ApplianceScope>, tokenId: string, options: RotationOptions): Promise<TokenChange<NewToken>>;
  /** Ends a token for good. Refused for one that has ended. */
  revoke(by: By<ApplianceScope>, tokenId: string): Promise<TokenChange<ApiToken>>;
};

type StoreParts = { readonly database: Database; readonly keys: SecretKeys; readonly audit: AuditTrail; readonly clock: Clock };

export function createTokenStore(parts: StoreParts): TokenStore {
  const { database } = parts;
  return {
    create: (by, draft) => database.inAppliance(by.scope, (queries) => createToken({ ...parts, queries }, by, draft)),
    list: (scope, page) => database.inScope(scope, (queries) => listTokens({ ...parts, queries }, scope, page)),
    find: (scope, tokenId) => database.inScope(scope, (queries) => findToken({ ...parts, queries }, scope, tokenId)),
    rotate: (by, tokenId, options) =>
      database.inAppliance(by.scope, (queries) => rotateToken({ ...parts, queries }, by, { tokenId, ...options })),
    revoke: (by, tokenId) => database.inAppliance(by.scope, (queries) => revokeToken({ ...parts, queries }, by, tokenId)),
  };
}

type Work = StoreParts & { readonly queries: Queries };

async function listTokens(work: Work, { organizationId }: OneOrganization, page: { before: string | null; limit: number }) {
  const { queries, clock } = work;
  const [organization] = await queries.select({ id: organizations.id }).from(organizations).where(eq(organizations.id, organizationId));
  if (!organization) return null;
  // Ids sort by the time they were made at.
  const wanted = and(eq(apiTokens.orgId, organizationId), page.before ? lt(apiTokens.id, page.before) : undefined);
  const rows = await selectTokens(queries).where(wanted).orderBy(desc(apiTokens.id)).limit(page.limit);
  return rows.map((row) => toApiToken(row, clock.wallAt()));
}

async function findToken({ queries, clock }: Work, scope: ReadScope, tokenId: string): Promise<ApiToken | null> {
  const own = 'organizationId' in scope ? eq(apiTokens.orgId, scope.organizationId) : undefined;
  const [row] = await selectTokens(queries).where(and(own, eq(apiTokens.id, tokenId)));
  return row ? toApiToken(row, clock.wallAt()) : null;
}

async function createToken(work: Work, by: By<AdminOrgScope>, draft: TokenDraft): Promise<TokenChange<NewToken>> {
  const { queries, clock } = work;
  const { organizationId } = by.scope;
  // The lock makes two that create at once count one after the other; rows that refer to the organization are still written meanwhile.
  const [organization] = await queries
    .select({ deletionRequestedAt: organizations.deletionRequestedAt })
    .from(organizations)
    .where(eq(organizations.id, organizationId))
    .for('no key update');
  if (!organization) return { kind: 'not_found' };
  if (organization.deletionRequestedAt) return { kind: 'refused', reason: DELETION_PENDING };
  const live = and(eq(apiTokens.orgId, organizationId), eq(apiTokens.active, true), gt(apiTokens.expiresAt, clock.wallAt()));
  const [counted] = await queries.select({ tokens: count() }).from(apiTokens).where(live);
  if ((counted?.tokens ?? 0) >= MAX_LIVE_TOKENS) {
    return { kind: 'refused', reason: `the organization has ${MAX_LIVE_TOKENS} good tokens; revoke one that is not in use` };
  }
  const created = await insertToken(work, by, { ...draft, rotatedFrom: null });
  const { tokenId, name, scopes, expiresAt } = created.token;
  const details = { name, scopes: [...scopes], expiresAt: expiresAt.toISOString() };
  await work.audit.append(queries, by, { action: 'token.created', resource: tokenId, details });
  return { kind: 'done', value: created };
}

async function rotateToken(
  work: Work,
  by: By<ApplianceScope>,
  options: RotationOptions & { tokenId: string },
): Promise<TokenChange<NewToken>> {
  const { queries, clock } = work;
  const { tokenId, graceHours, expiresInDays } = options;
  const old = await lockToken(work, by, tokenId);
  if (!old) return { kind: 'not_found' };
  if (old.token.state !== 'active') return { kind: 'refused', reason: `the token is not active but ${old.token.state}` };
  const [owner] = await queries
    .select({ deletionRequestedAt: organizations.deletionRequestedAt })
    .from(organizations)
    .where(eq(organizations.id, old.token.organizationId))
    .for('share');
  if (owner?.deletionRequestedAt) return { kind: 'refused', reason: DELETION_PENDING };
  const reason = graceHours > 0 ? await thirdGeneration(work, by, old.token) : null;
  if (reason) return { kind: 'refused', reason };
  const now = clock.wallAt();
  const graceEndsAt = new Date(Math.min(old.token.expiresAt.getTime(), now.getTime() + graceHours * HOUR_MS));
  const ended = graceHours > 0 ? { expiresAt: graceEndsAt } : { active: false, endedAt: now, ending: 'rotated' as const };
  await queries.update(apiTokens).set(ended).where(isToken(old.token));
  const scope = onOrganization(by.scope, old.token.organizationId as OrganizationId);
  const { name, scopes } = old.token;
  const created = await insertToken(
    work,
    { ...by, scope },
    { name, scopes, rotatedFrom: tokenId, ...(expiresInDays ? { expiresInDays } : {}) },
  );
  await announceAccessChange(queries, { kind: 'token', mac: old.mac });
  const details = { replacedBy: created.token.tokenId, graceHours, expiresAt: created.token.expiresAt.toISOString() };
  await work.audit.append(queries, { ...by, scope }, { action: 'token.rotated', resource: tokenId, details });
  return { kind: 'done', value: created };
}

async function revokeToken(work: Work, by: By<ApplianceScope>, tokenId: string): Promise<TokenChange<ApiToken>> {
  const { queries, clock } = work;
  const found = await lockToken(work, by, tokenId);
  if (!found) return { kind: 'not_found' };
  const { token, mac } = found;
  if (token.state !== 'active' && token.state !== 'grace')
    return { kind: 'refused', reason: `the token has ended already: ${token.state}` };
  const ended = { active: false, endedAt: clock.wallAt(), ending: 'revoked' as const };
  await queries.update(apiTokens).set(ended).where(isToken(token));
  await announceAccessChange(queries, { kind: 'token', mac });
  const scope = onOrganization(by.scope, token.organizationId as OrganizationId);
  await work.audit.append(queries, { ...by, scope }, { action: 'token.revoked', resource: tokenId, details: { name: token.name } });
  return { kind: 'done', value: { ...token, endedAt: ended.endedAt, state: 'revoked' } };
}

/** The token as it is once nobody else is changing it. */
async function lockToken(work: Work, by: By<ApplianceScope>, tokenId: string): Promise<{ token: ApiToken; mac: string } | null> {
  const [locked] = await work.queries.select({ mac: apiTokens.mac }).from(apiTokens).where(eq(apiTokens.id, tokenId)).for('update');
  const token = locked ? await findToken(work, by.scope, tokenId) : null;
  return locked && token ? { token, mac: locked.mac } : null;
}

/** At most two generations of a token are good at once: whom the grace is for would otherwise never come to an end. */
async function thirdGeneration(work: Work, by: By<ApplianceScope>, token: ApiToken): Promise<string | null> {
  const before = token.rotatedFrom ? await findToken(work, by.scope, token.rotatedFrom) : null;
  if (before?.state !== 'grace') return null;
  const until = before.expiresAt.toISOString();
  return `the token that it replaced, ${before.tokenId}, is good until ${until}; revoke that one first or rotate without grace`;
}

async function insertToken(work: Work, by: By<AdminOrgScope>, draft: TokenDraft & { rotatedFrom: string | null }): Promise<NewToken> {
  const { queries, keys, clock } = work;
  const { expiresInDays = MAX_TOKEN_DAYS, ...columns } = draft;
  const text = makeTokenText();
  const now = clock.wallAt();
  const values = {
    ...columns,
    ...shownParts(text),
    orgId: by.scope.organizationId,
    id: newId('apiToken', now.getTime()),
    scopes: [...columns.scopes],
    mac: tokenMac(keys, text, keys.currentVersion),
    keyVersion: keys.currentVersion,
    createdAt: now,
    createdBy: by.actor.kind === 'admin' ? 'admin' : `${by.actor.kind} ${by.actor.name}`,
    expiresAt: new Date(now.getTime() + Math.min(expiresInDays, MAX_TOKEN_DAYS) * DAY_MS),
  };
  const [row] = await queries.insert(apiTokens).values(values).returning();
  if (!row) throw new Error('a token was inserted and not returned');
  return { token: toApiToken({ row, rotatedTo: null }, now), text };
}

function isToken({ organizationId, tokenId }: ApiToken) {
  return and(eq(apiTokens.orgId, organizationId), eq(apiTokens.id, tokenId));
}
