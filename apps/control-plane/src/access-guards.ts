// Who may do what, composed: tokens and what is remembered of them, keys of repeated requests, and the guards that the routes ask.
import type { Database } from '#db/client.ts';
import { openAccessChanges } from '#features/access/access-changes.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import type { GuardParts } from '#features/access/guards.ts';
import { createGuards } from '#features/access/guards.ts';
import { createIdempotencyStore } from '#features/access/idempotency-store.ts';
import { createTokenCache } from '#features/access/token-cache.ts';
import { createTokenExpiry } from '#features/access/token-expiry-store.ts';
import { createTokenLookup } from '#features/access/token-lookup-store.ts';
import { createTokenStore } from '#features/access/token-store.ts';
import { openTokenUsage } from '#features/access/token-usage-store.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import type { SecretKeys } from '#shared/secret-keys.ts';

export type AccessParts = {
  readonly config: Pick<GuardParts, 'adminKeyHash' | 'trustedProxies'> & { readonly secretKeys: SecretKeys };
  readonly database: Database;
  readonly audit: AuditTrail;
  readonly clock: Clock;
  readonly log: Log;
};

/** Opens them. Disposing stops listening for changes, and writes down the uses of tokens that wait. */
export function openAccess({ config, database, audit, clock, log }: AccessParts) {
  const keys = config.secretKeys;
  const opened = new AsyncDisposableStack();
  const tokens = createTokenStore({ database, keys, audit, clock });
  const tokenCache = createTokenCache({ lookup: createTokenLookup({ database, keys, clock }), clock });
  opened.use(openAccessChanges({ database, log, observe: (notification) => tokenCache.observe(notification) }));
  const tokenUsage = opened.use(openTokenUsage({ database, clock, log }));
  const tokenExpiry = createTokenExpiry({ database, audit, clock });
  const idempotency = createIdempotencyStore({ database, clock });
  const guards = createGuards({ ...config, tokenCache, tokenUsage, idempotency, clock, log });
  return { tokens, tokenExpiry, tokenUsage, idempotency, guards, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}
