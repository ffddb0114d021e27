// Who may come in: the admin's key, and the organizations' tokens.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { putHeaders } from '#http/answer-headers.ts';
import { addressSet, clientAddress } from '#http/client-address.ts';
import { ProblemError } from '#http/problem.ts';
import type { RateLimiter } from '#http/rate-limit.ts';
import { createRateLimiter, rateLimitHeaders, ratePerMinute, retryAfter } from '#http/rate-limit.ts';
import type { AdminGuard, Guards, OrgGuard } from '#http/route.ts';
import type { Actor } from '#shared/actor.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { allows } from '#shared/permission-scopes.ts';
import type { Principal } from '#shared/principal.ts';
import { ADMIN_ATTEMPTS, createAttemptLimit, TOKEN_ATTEMPTS } from './attempt-limit.ts';
import { createOnceOnly } from './idempotent-answer.ts';
import type { IdempotencyStore } from './idempotency-store.ts';
import { createAuthentication } from './token-authentication.ts';
import type { TokenCache } from './token-cache.ts';
import type { TokenUsage } from './token-usage-store.ts';

/** What the guards ask. */
export type GuardParts = {
  /** SHA-256 of the admin key as it is now, 64 hexadecimal digits. */
  readonly adminKeyHash: () => Promise<string>;
  /** Addresses of proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  readonly tokenCache: TokenCache;
  readonly tokenUsage: Pick<TokenUsage, 'note'>;
  readonly idempotency: IdempotencyStore;
  readonly clock: Clock;
  readonly log: Log;
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
    const given = createHash('sha256').update(key).digest();
    // Proven is this key at this address: a stranger's wrong ones beside it take nothing from it.
    const caller = `${address} ${given.toString('hex')}`;
    attempts.check(address, caller);
    // Digests have one length, and their comparison takes the same time wherever they differ.
    if (!timingSafeEqual(given, Buffer.from(await adminKeyHash(), 'hex'))) {
      attempts.failed(address, caller);
      throw wrongAdminKey();
    }
    attempts.proved(caller);
    context.set('applianceScope', mintApplianceScope());
    context.set('actor', actorOf(context, { kind: 'admin', name: 'admin', address }));
    await next();
  };
}

function createOrgGuards(parts: GuardParts, addressOf: AddressOf): Guards['organization'] {
  const { tokenCache, tokenUsage, idempotency, clock, log } = parts;
  const attempts = createAttemptLimit({ rate: TOKEN_ATTEMPTS, clock });
  const authenticate = createAuthentication({ tokens: tokenCache, attempts });
  const plans = createRateLimiter({ nowMs: () => clock.nowMs() });
  const onceOnly = createOnceOnly({ store: idempotency, log });
  return ({ scope: required, cost, idempotent }): OrgGuard =>
    async (context, next) => {
      const address = addressOf(context);
      const principal = await authenticate(context.req.header('authorization'), address);
      const scope = mintOrgScope(principal.organizationId);
      tokenUsage.note(scope, principal.tokenId, address);
      // Before the permission: who asks for what it may not still asks.
      countRequest(context, plans, { principal, cost });
      if (required !== 'any' && !allows(principal.scopes, required)) {
        throw new ProblemError('insufficient_scope', `this needs a token with the scope ${required}`);
      }
      context.set('principal', principal);
      context.set('scope', scope);
      context.set('actor', actorOf(context, { kind: 'token', name: principal.tokenId, address }));
      return idempotent ? onceOnly(context, next, scope) : next();
    };
}

/** Counts a request against its organization's plan and tells how much is left, whatever the answer becomes. Throws 429 when nothing is. */
function countRequest(context: Context, plans: RateLimiter, { principal, cost }: { principal: Principal; cost: number }): void {
  const { organizationId, requestsPerMinute } = principal;
  const verdict = plans.take(organizationId, ratePerMinute(requestsPerMinute), cost);
  putHeaders(context, rateLimitHeaders(requestsPerMinute, verdict));
  if (verdict.allowed) return;
  const detail = `the plan allows ${requestsPerMinute} requests a minute, all tokens of the organization together`;
  throw new ProblemError('rate_limited', detail, { headers: retryAfter(verdict.retryAfterMs) });
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
