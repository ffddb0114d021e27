// The admin's tokens, and what a token's holder may know of its own.
import { createRoutes } from '#http/app.ts';
import { fromCursor, toPage } from '#http/page.ts';
import { notFound, ProblemError } from '#http/problem.ts';
import type { AdminVariables, Guards } from '#http/route.ts';
import { onOrganization } from '#shared/appliance-scope.ts';
import type { OrganizationId } from '#shared/id.ts';
import { isId } from '#shared/id.ts';
import type { ApiToken } from './token-record.ts';
import { declareTokenRoutes, positionSchema, scopesOf } from './token-schemas.ts';
import type { NewToken, TokenChange, TokenStore } from './token-store.ts';

/** An answer that holds a token's text is kept by no proxy and no browser. */
const SECRET_HEADERS = { 'cache-control': 'no-store' };

export function createTokenRoutes({ tokens, guards }: { tokens: TokenStore; guards: Guards }) {
  const routes = declareTokenRoutes(guards);
  return createRoutes()
    .openapi(routes.list, async (context) => {
      const { limit, cursor } = context.req.valid('query');
      const organizationId = organizationOf(context.req.valid('param'));
      const before = fromCursor(positionSchema, cursor)?.tokenId ?? null;
      const rows = await tokens.list(onOrganization(context.get('applianceScope'), organizationId), { before, limit: limit + 1 });
      if (!rows) throw notFound('organization');
      const { page, nextCursor } = toPage(rows, limit, ({ tokenId }) => ({ tokenId }));
      return context.json({ tokens: page.map(tokenBody), nextCursor }, 200);
    })
    .openapi(routes.create, async (context) => {
      const scope = onOrganization(context.get('applianceScope'), organizationOf(context.req.valid('param')));
      const { name, expiresInDays, ...granted } = context.req.valid('json');
      const draft = { name, scopes: scopesOf(granted), ...(expiresInDays ? { expiresInDays } : {}) };
      const created = await tokens.create({ scope, actor: context.get('actor') }, draft);
      return context.json(newTokenBody(done(created, 'organization')), 201, SECRET_HEADERS);
    })
    .openapi(routes.rotate, async (context) => {
      const { tokenId, graceHours, expiresInDays } = context.req.valid('json');
      const options = { graceHours, ...(expiresInDays ? { expiresInDays } : {}) };
      const rotated = await tokens.rotate(by(context), tokenIdOf({ tokenId }), options);
      return context.json(newTokenBody(done(rotated, 'token')), 201, SECRET_HEADERS);
    })
    .openapi(routes.get, async (context) => {
      const token = await tokens.find(context.get('applianceScope'), tokenIdOf(context.req.valid('param')));
      if (!token) throw notFound('token');
      return context.json(tokenBody(token), 200);
    })
    .openapi(routes.revoke, async (context) => {
      const revoked = await tokens.revoke(by(context), tokenIdOf(context.req.valid('param')));
      return context.json(tokenBody(done(revoked, 'token')), 200);
    })
    .openapi(routes.self, async (context) => {
      const { tokenId, planId, requestsPerMinute } = context.get('principal');
      const token = await tokens.find(context.get('scope'), tokenId);
      if (!token) throw notFound('token');
      return context.json({ ...tokenBody(token), planId, requestsPerMinute }, 200);
    });
}

function by(context: { get<Key extends keyof AdminVariables>(key: Key): AdminVariables[Key] }) {
  return { scope: context.get('applianceScope'), actor: context.get('actor') };
}

function organizationOf({ organizationId }: { organizationId: string }): OrganizationId {
  if (!isId('organization', organizationId)) throw notFound('organization');
  return organizationId;
}

function tokenIdOf({ tokenId }: { tokenId: string }) {
  if (!isId('apiToken', tokenId)) throw notFound('token');
  return tokenId;
}

/** What a change brought; throws the problem for one that was not made. */
function done<Value>(change: TokenChange<Value>, what: string): Value {
  if (change.kind === 'done') return change.value;
  throw change.kind === 'not_found' ? notFound(what) : new ProblemError('conflict', change.reason);
}

function tokenBody({ createdAt, expiresAt, endedAt, lastUsedAt, scopes, ...token }: ApiToken) {
  return {
    ...token,
    scopes: [...scopes],
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  };
}

function newTokenBody({ token, text }: NewToken) {
  return { ...tokenBody(token), token: text };
}
