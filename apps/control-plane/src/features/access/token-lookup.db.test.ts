import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import { organizations } from '#db/schema/organizations.ts';
import type { Actor } from '#shared/actor.ts';
import { mintApplianceScope, onOrganization } from '#shared/appliance-scope.ts';
import { systemClock } from '#shared/clock.ts';
import { newId } from '#shared/id.ts';
import { silentLog } from '#shared/log.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import type { SecretKeys } from '#shared/secret-keys.ts';
import { openSecretKeys } from '#shared/secret-keys.ts';
import { openAccessChanges } from './access-changes.ts';
import { createAuditTrail } from './audit-store.ts';
import { createTokenCache } from './token-cache.ts';
import { createTokenLookup } from './token-lookup-store.ts';
import { createTokenStore } from './token-store.ts';
import { makeTokenText } from './token-text.ts';

const clock = systemClock;
const appliance = mintApplianceScope();
const admin: Actor = { kind: 'admin', name: 'admin', address: null, requestId: null };
const oldKeys = openSecretKeys({ 1: '11'.repeat(32) });
const bothKeys = openSecretKeys({ 1: '11'.repeat(32), 2: '22'.repeat(32) });

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('finding tokens on $kind', (kind) => {
  const orgId = newId('organization');
  const by = { scope: onOrganization(appliance, orgId), actor: admin };
  let test: TestDatabase;

  beforeAll(async () => {
    test = await kind.open();
    await test.database.inAppliance(appliance, (queries) => queries.insert(organizations).values({ id: orgId, name: 'One', slug: 'one' }));
  });
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
  });

  /** One process: its keys, its memory and its ear for changes. */
  function openedProcess(keys: SecretKeys) {
    const { database } = test;
    const tokens = createTokenStore({ database, keys, audit: createAuditTrail({ keys, clock }), clock });
    const lookup = createTokenLookup({ database, keys, clock });
    const cache = createTokenCache({ lookup, clock });
    const changes = openAccessChanges({ database, log: silentLog, observe: (notification) => cache.observe(notification) });
    return { tokens, lookup, cache, changes };
  }

  async function created({ tokens }: Pick<ReturnType<typeof openedProcess>, 'tokens'>) {
    const change = await tokens.create(by, { name: 'x', scopes: ['calls:read'] });
    if (change.kind !== 'done') throw new Error(change.kind);
    return change.value;
  }

  it('finds a token under the key that it was made with, also after a newer key came', async () => {
    const before = openedProcess(oldKeys);
    await using _before = before.changes;
    const after = openedProcess(bothKeys);
    await using _after = after.changes;
    const [old, recent] = [await created(before), await created(after)];
    const found = await Promise.all([old, recent].map(({ text }) => after.cache.find(text)));
    expect(found.map((principal) => principal?.tokenId)).toEqual([old.token.tokenId, recent.token.tokenId]);
    expect(await before.cache.find(recent.text)).toBeNull();
    expect(await after.lookup.find(after.lookup.macsOf(makeTokenText()))).toBeNull();
  });

  it('finds nothing of an organization by the hash of another token, and leaves nothing set behind', async () => {
    const { tokens, lookup, changes } = openedProcess(bothKeys);
    await using _changes = changes;
    const { text } = await created({ tokens });
    await lookup.find(lookup.macsOf(text));
    const seen = await test.database.unscoped((queries) => queries.select({ id: organizations.id }).from(organizations));
    expect(seen).toEqual([]);
  });

  it('forgets a revoked token in every process, whichever key it was made with, within 5 seconds', async () => {
    const [one, two] = [openedProcess(oldKeys), openedProcess(bothKeys)];
    await using _one = one.changes;
    await using _two = two.changes;
    const { text, token } = await created(one);
    for (const { cache } of [one, two]) expect(await cache.find(text)).not.toBeNull();
    const revokedAtMs = clock.nowMs();
    expect((await two.tokens.revoke({ scope: appliance, actor: admin }, token.tokenId)).kind).toBe('done');
    await expect.poll(async () => [await one.cache.find(text), await two.cache.find(text)], { timeout: 5_000 }).toEqual([null, null]);
    expect(clock.nowMs() - revokedAtMs).toBeLessThan(5_000);
  });

  it('shows a token to its own organization alone', async () => {
    const { tokens, changes } = openedProcess(bothKeys);
    await using _changes = changes;
    const { token } = await created({ tokens });
    expect((await tokens.find(mintOrgScope(orgId), token.tokenId))?.tokenId).toBe(token.tokenId);
    expect(await tokens.find(mintOrgScope(newId('organization')), token.tokenId)).toBeNull();
    expect(await tokens.list(mintOrgScope(newId('organization')), { before: null, limit: 10 })).toBeNull();
  });
});
