// Who may come in: the admin's key, and the organizations' tokens.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { addressSet, clientAddress } from '#http/client-address.ts';
import { ProblemError } from '#http/problem.ts';
import { createRateLimiter, rateLimitHeaders, ratePerMinute, retryAfter } from '#http/rate-limit.ts';
import type { AdminGuard, Guards, OrgGuard } from '#http/route.ts';
import type { Actor } from '#shared/actor.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import type { Clock } from '#shared/clock.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { allows } from '#shared/permission-scopes.ts';
import { ADMIN_ATTEMPTS, createAttemptLimit, TOKEN_ATTEMPTS } from './attempt-limit.ts';
import { createAuthentication } from './token-authentication.ts';
import type { TokenCache } from './token-cache.ts';

/** What the guards ask. */
export type GuardParts = {
  /** SHA-256 of the admin key as it is now, 64 hexadecimal digits. */
  readonly adminKeyHash: () => Promise<string>;
  /** Addresses of proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  readonly tokens: TokenCache;
  readonly clock: Clock;
};

export function createGuards(parts: GuardParts): Guards {
  const proxies = addressSet(parts.trustedProxies);
  const addressOf = (context: Context) => clientAddress(context, proxies);
  return { admin: createAdminGuard(parts, addressOf), organization: createOrgGuards(parts, addressOf) };
}

type AddressOf = (context: Context) => string;

function createAdminGuard({ adminKeyHash, clock }: GuardParts, addressOf: AddressOf): AdminGuard {
  const attempts = createAttemptLimit({ rate: ADMIN_ATTEMPTS, clock });
  return async (context, next) => {
    const address = addressOf(context);
    const key = context.req.header('x-admin-key');
    if (key === undefined) throw wrongAdminKey();
    attempts.check(address, address);
    const given = createHash('sha256').update(key).digest();
    // Digests have one length, and their comparison takes the same time wherever they differ.
    if (!timingSafeEqual(given, Buffer.from(await adminKeyHash(), 'hex'))) {
      attempts.failed(address, address);
      throw wrongAdminKey();
    }
    attempts.proved(address);
    context.set('applianceScope', mintApplianceScope());
    context.set('actor', actorOf(context, { kind: 'admin', name: 'admin', address }));
    await next();
  };
}

function createOrgGuards({ tokens, clock }: GuardParts, addressOf: AddressOf): Guards['organization'] {
  const authenticate = createAuthentication({ tokens, attempts: createAttemptLimit({ rate: TOKEN_ATTEMPTS, clock }) });
  const plans = createRateLimiter({ nowMs: () => clock.nowMs() });
  return ({ scope: required, cost }): OrgGuard =>
    async (context, next) => {
      const address = addressOf(context);
      const principal = await authenticate(context.req.header('authorization'), address);
      const { organizationId, requestsPerMinute, tokenId, scopes } = principal;
      // Before the scope: who asks for what it may not still asks.
      const verdict = plans.take(organizationId, ratePerMinute(requestsPerMinute), cost);
      for (const [name, value] of Object.entries(rateLimitHeaders(requestsPerMinute, verdict))) context.header(name, value);
      if (!verdict.allowed) {
        const detail = `the plan allows ${requestsPerMinute} requests a minute, all tokens of the organization together`;
        throw new ProblemError('rate_limited', detail, { headers: retryAfter(verdict.retryAfterMs) });
      }
      if (required !== 'any' && !allows(scopes, required)) {
        throw new ProblemError('insufficient_scope', `this needs a token with the scope ${required}`);
      }
      context.set('principal', principal);
      context.set('scope', mintOrgScope(organizationId));
      context.set('actor', actorOf(context, { kind: 'token', name: tokenId, address }));
      await next();
    };
}

function actorOf(context: Context, actor: Omit<Actor, 'requestId'>): Actor {
  const requestId: unknown = context.get('requestId');
  return { ...actor, requestId: typeof requestId === 'string' ? requestId : null };
}

function wrongAdminKey(): ProblemError {
  return new ProblemError('unauthenticated', 'the header X-Admin-Key is missing or wrong', {
    headers: { 'www-authenticate': 'AdminKey header="X-Admin-Key"' },
  });
}
