import { describe, expect, it } from 'vitest';
import { openJumpingClock } from '#ports/testing/jumping-clock.ts';
import { newId } from '#shared/id.ts';
import type { Principal } from '#shared/principal.ts';
import { createTokenCache, REFUSED_MS, VERIFIED_MS } from './token-cache.ts';
import type { FoundToken } from './token-lookup-store.ts';
import type { TokenText } from './token-text.ts';
import { makeTokenText } from './token-text.ts';

/** A database of tokens that counts how often it is asked, and can be made to wait. */
function opened() {
  const clock = openJumpingClock();
  const stored = new Map<string, Principal>();
  const asked: string[] = [];
  let gate: Promise<void> = Promise.resolve();
  const oldMac = (text: TokenText) => `old-${text}`;
  const lookup = {
    macsOf: (text: TokenText) => [`new-${text}`, oldMac(text)],
    async find(macs: readonly string[]): Promise<FoundToken | null> {
      asked.push(macs[0] ?? '');
      const mac = macs.find((candidate) => stored.has(candidate));
      const principal = mac === undefined ? undefined : stored.get(mac);
      await gate;
      return mac !== undefined && principal ? { mac, principal } : null;
    },
  };
  const cache = createTokenCache({ lookup, clock });
  return {
    clock,
    cache,
    asked,
    oldMac,
    store: (text: TokenText, changes: Partial<Principal> = {}) => {
      const principal: Principal = {
        tokenId: newId('apiToken'),
        organizationId: newId('organization'),
        scopes: ['calls:read'],
        expiresAt: new Date(clock.wallAt().getTime() + 3_600_000),
        planId: 'standard',
        requestsPerMinute: 600,
        ...changes,
      };
      stored.set(oldMac(text), principal);
      return principal;
    },
    remove: (text: TokenText) => stored.delete(oldMac(text)),
    /** Answers of the database wait from now on; the function lets them go. */
    hold: () => {
      const held = Promise.withResolvers<void>();
      gate = held.promise;
      return () => {
        gate = Promise.resolve();
        held.resolve();
      };
    },
  };
}

describe('the memory of verified tokens', () => {
  it('asks once for many requests at once, and not again while the answer is fresh', async () => {
    const { cache, asked, store, clock } = opened();
    const text = makeTokenText();
    const principal = store(text);
    expect(await Promise.all([cache.find(text), cache.find(text), cache.find(text)])).toEqual([principal, principal, principal]);
    clock.advance(VERIFIED_MS - 1);
    expect(cache.peek(text)).toBe(principal);
    expect(asked).toHaveLength(1);
    clock.advance(1);
    expect(cache.peek(text)).toBeNull();
    await cache.find(text);
    expect(asked).toHaveLength(2);
  });

  it('refuses a revoked token within 5 seconds with nobody telling it', async () => {
    const { cache, store, remove, clock } = opened();
    const text = makeTokenText();
    store(text);
    await cache.find(text);
    remove(text);
    expect(await cache.find(text)).not.toBeNull();
    clock.advance(VERIFIED_MS);
    expect(VERIFIED_MS).toBeLessThan(5_000);
    expect(await cache.find(text)).toBeNull();
  });

  it('opens nothing from the moment that a token expires', async () => {
    const { cache, store, clock } = opened();
    const text = makeTokenText();
    store(text, { expiresAt: new Date(clock.wallAt().getTime() + 1_000) });
    await cache.find(text);
    clock.advance(999);
    expect(cache.peek(text)).not.toBeNull();
    clock.advance(1);
    expect(cache.peek(text)).toBeNull();
  });

  it('asks once a second for a token that is not good', async () => {
    const { cache, asked, clock } = opened();
    const text = makeTokenText();
    expect([await cache.find(text), await cache.find(text)]).toEqual([null, null]);
    expect(asked).toHaveLength(1);
    clock.advance(REFUSED_MS);
    await cache.find(text);
    expect(asked).toHaveLength(2);
  });

  it('forgets one token, an organization, a plan, or everything, as it is told', async () => {
    const { cache, store, oldMac } = opened();
    const [one, two, three] = [makeTokenText(), makeTokenText(), makeTokenText()];
    const first = store(one);
    const second = store(two, { planId: 'large' });
    store(three);
    const known = () => [one, two, three].map((text) => cache.peek(text) !== null);
    const remember = () => Promise.all([one, two, three].map((text) => cache.find(text)));
    await remember();
    expect(known()).toEqual([true, true, true]);
    cache.observe({ kind: 'payload', payload: `token ${oldMac(one)}` });
    expect(known()).toEqual([false, true, true]);
    await remember();
    cache.observe({ kind: 'payload', payload: `organization ${first.organizationId}` });
    expect(known()).toEqual([false, true, true]);
    cache.observe({ kind: 'payload', payload: `plan ${second.planId}` });
    expect(known()).toEqual([false, false, true]);
    await remember();
    cache.observe({ kind: 'gap' });
    expect(known()).toEqual([false, false, false]);
    await remember();
    cache.observe({ kind: 'payload', payload: 'something of a later release' });
    expect(known()).toEqual([false, false, false]);
  });

  it('does not put back what an answer from before a change says, nor give it to who asks after the change', async () => {
    const { cache, asked, store, remove, hold } = opened();
    const text = makeTokenText();
    const principal = store(text);
    const release = hold();
    const before = cache.find(text);
    remove(text);
    cache.observe({ kind: 'payload', payload: 'token of-another-form' });
    const after = cache.find(text);
    release();
    expect(await before).toBe(principal);
    expect(await after).toBeNull();
    expect(cache.peek(text)).toBeNull();
    expect(asked).toHaveLength(2);
  });

  it('asks again after a lookup that failed', async () => {
    const clock = openJumpingClock();
    let calls = 0;
    const find = async () => {
      calls += 1;
      throw new Error('the database is away');
    };
    const cache = createTokenCache({ lookup: { macsOf: () => ['mac'], find }, clock });
    await expect(cache.find(makeTokenText())).rejects.toThrow('away');
    await expect(cache.find(makeTokenText())).rejects.toThrow('away');
    expect(calls).toBe(2);
  });
});
