// Verified tokens, remembered for moments: a request costs a keyed hash instead of a transaction, and an ended token is forgotten when the database says so.
import { LRUCache } from 'lru-cache';
import type { Notification } from '#db/client.ts';
import type { Clock } from '#shared/clock.ts';
import type { Principal } from '#shared/principal.ts';
import type { AccessChange } from './access-change-store.ts';
import { parseAccessChange } from './access-change-store.ts';
import type { FoundToken, TokenLookup } from './token-lookup-store.ts';
import type { TokenText } from './token-text.ts';

/** With the notifications' connection dead a revoked token is refused after this at the latest; the promise is 5 s. */
export const VERIFIED_MS = 4_000;
/** A token that is not good is asked for again after this: one that becomes good again works soon. */
export const REFUSED_MS = 1_000;
/** About 1 kB each. The one used longest ago goes first. */
const MAX_VERIFIED = 10_000;
const MAX_REFUSED = 10_000;

export type TokenCache = {
  /** What stands for the token where its text may not: its keyed hash under the newest key. */
  nameOf(text: TokenText): string;
  /** The principal when the token was verified moments ago and is still good; asks nobody. */
  peek(text: TokenText): Principal | null;
  /** The principal, from memory or from the database; null for a token that is not good. Throws when the database is away. */
  find(text: TokenText): Promise<Principal | null>;
  /** What a listener on the channel of changes was told. */
  observe(notification: Notification): void;
};

export function createTokenCache({ lookup, clock }: { lookup: TokenLookup; clock: Clock }): TokenCache {
  const verified = createVerifiedTokens(clock);
  const refused = new LRUCache<string, number>({ max: MAX_REFUSED });
  /** By the hash under the newest key. A change empties it, so that a lookup from before the change is neither joined nor remembered. */
  const underway = new Map<string, Promise<FoundToken | null>>();

  /** One at a time for each token, however many requests carry it. */
  function lookUp(name: string, macs: readonly string[]): Promise<FoundToken | null> {
    const running = underway.get(name);
    if (running) return running;
    const lookedUpAtMs = clock.nowMs();
    const started = lookup
      .find(macs)
      .then((found) => {
        if (underway.get(name) !== started) return found;
        if (found) verified.remember(found, lookedUpAtMs);
        else refused.set(name, lookedUpAtMs);
        return found;
      })
      .finally(() => {
        if (underway.get(name) === started) underway.delete(name);
      });
    underway.set(name, started);
    return started;
  }

  return {
    nameOf: (text) => lookup.macsOf(text)[0] ?? '',
    peek: (text) => verified.find(lookup.macsOf(text)),
    async find(text) {
      const macs = lookup.macsOf(text);
      const principal = verified.find(macs);
      if (principal) return principal;
      const [name = ''] = macs;
      const refusedAtMs = refused.get(name);
      if (refusedAtMs !== undefined && clock.nowMs() - refusedAtMs < REFUSED_MS) return null;
      return (await lookUp(name, macs))?.principal ?? null;
    },
    observe(notification) {
      underway.clear();
      refused.clear();
      // A gap, and a change that is not understood, may have been about anything.
      verified.forget(notification.kind === 'payload' ? parseAccessChange(notification.payload) : null);
    },
  };
}

/** Principals by the keyed hash of their token. `lookedUpAtMs` is when the question was asked, not when it was answered. */
function createVerifiedTokens(clock: Clock) {
  const entries = new LRUCache<string, { readonly principal: Principal; readonly lookedUpAtMs: number }>({ max: MAX_VERIFIED });
  const macsOf = (change: OwnerChange) =>
    [...entries.entries()].flatMap(([mac, { principal }]) => (isAbout(change, principal) ? [mac] : []));
  return {
    remember: ({ mac, principal }: FoundToken, lookedUpAtMs: number) => void entries.set(mac, { principal, lookedUpAtMs }),
    find(macs: readonly string[]): Principal | null {
      for (const mac of macs) {
        const entry = entries.get(mac);
        if (!entry) continue;
        const isFresh = clock.nowMs() - entry.lookedUpAtMs < VERIFIED_MS;
        // Asked at every use: a token that expires now opens nothing from now on.
        if (isFresh && entry.principal.expiresAt > clock.wallAt()) return entry.principal;
        entries.delete(mac);
      }
      return null;
    },
    /** Forgets those that a change is about; all of them without one. */
    forget(change: AccessChange | null): void {
      if (!change) entries.clear();
      else if (change.kind === 'token') entries.delete(change.mac);
      else for (const mac of macsOf(change)) entries.delete(mac);
    },
  };
}

type OwnerChange = Exclude<AccessChange, { kind: 'token' }>;

function isAbout(change: OwnerChange, { planId, organizationId }: Principal): boolean {
  return change.kind === 'plan' ? change.planId === planId : change.organizationId === organizationId;
}
