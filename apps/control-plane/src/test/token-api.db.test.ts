import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import { openJumpingClock } from '#ports/testing/jumping-clock.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import type { OrganizationId } from '#shared/id.ts';
import { newId } from '#shared/id.ts';
import { silentLog } from '#shared/log.ts';
import { scopePresets } from '#shared/permission-scopes.ts';
import type { Answer, TestApi } from './test-api.ts';
import { addTestOrganization, openTestApi } from './test-api.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
type Token = { tokenId: string; token: string; expiresAt: string; state: string };

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('the API of tokens on $kind', (kind) => {
  const clock = openJumpingClock();
  let test: TestDatabase;
  let api: TestApi;
  let orgId: OrganizationId;
  let count = 0;

  beforeAll(async () => {
    test = await kind.open();
    api = await openTestApi(test, { clock });
  });
  beforeEach(async () => {
    // The attempts of one test are not those of the next.
    clock.advance(HOUR_MS);
    count += 1;
    orgId = await addTestOrganization(test, `org-${count}`);
  });
  afterAll(async () => {
    await api[Symbol.asyncDispose]();
    await test[Symbol.asyncDispose]();
  });

  const post = (path: string, body?: unknown) => api.asAdmin(path, { method: 'POST', ...(body === undefined ? {} : { body }) });
  const ask = (draft: unknown, organizationId: string = orgId) => post(`/admin/organizations/${organizationId}/tokens`, draft);
  const made = (answer: Answer) => {
    expect([answer.status, answer.body['detail']]).toEqual([201, undefined]);
    return answer.body as Token;
  };
  const create = async (draft: object = {}) => made(await ask({ name: 'CRM', scopes: ['calls:read'], ...draft }));
  const rotate = (tokenId: string, body: object = {}) => post('/admin/tokens/rotate', { tokenId, ...body });
  const look = async (tokenId: string) => (await api.asAdmin(`/admin/tokens/${tokenId}`)).body;
  const opens = async ({ token }: Token) => (await api.asToken(token, '/tokens/self')).status === 200;
  const audit = () =>
    test.asSuperuser(
      `select seq, actor_kind, actor_name, action, resource, details from audit_entries where org_id = '${orgId}' order by seq`,
    );

  it('shows a token once, and keeps nothing that opens', async () => {
    const created = await ask({ name: 'CRM', preset: 'reporting' });
    const { token, tokenId } = made(created);
    expect(created.headers.get('cache-control')).toBe('no-store');
    expect(created.body).toMatchObject({
      organizationId: orgId,
      name: 'CRM',
      state: 'active',
      createdBy: 'admin',
      scopes: scopePresets.reporting,
    });
    expect(JSON.stringify(await look(tokenId))).not.toContain(token);
    const secret = token.slice(13, -4);
    for (const table of ['api_tokens', 'audit_entries', 'idempotency_keys']) {
      const rows = await test.asSuperuser(`select * from ${table}`);
      expect([table, JSON.stringify(rows).includes(secret)]).toEqual([table, false]);
    }
    expect(await audit()).toMatchObject([
      { actor_kind: 'admin', actor_name: 'admin', action: 'token.created', resource: tokenId, details: { name: 'CRM' } },
    ]);
  });

  it('tells a token what it is, and its plan', async () => {
    const { token, tokenId } = await create({ expiresInDays: 7 });
    const { status, body } = await api.asToken(token, '/tokens/self');
    expect([status, body['token']]).toEqual([200, undefined]);
    expect(body).toMatchObject({ tokenId, organizationId: orgId, scopes: ['calls:read'], planId: 'standard', requestsPerMinute: 600 });
    expect(body['expiresAt']).toBe(new Date(clock.wallAt().getTime() + 7 * DAY_MS).toISOString());
  });

  it('names every field of a draft that is not right', async () => {
    const fields = async (draft: unknown) => ((await ask(draft)).body['fields'] as { path: string }[] | undefined)?.map(({ path }) => path);
    expect(await fields({ name: 'x', scopes: ['calls:read'], expiresInDays: 91 })).toEqual(['expiresInDays']);
    expect(await fields({ name: ' ', scopes: ['calls:delete'] })).toEqual(['name', 'scopes.0']);
    expect(await fields({ name: 'x' })).toEqual(['scopes']);
    expect(await fields({ name: 'x', scopes: ['calls:read'], preset: 'full' })).toEqual(['scopes']);
    expect((await ask({ name: 'x', preset: 'full', orgId: 'other' })).status).toBe(400);
    expect((await ask({ name: 'x', preset: 'full' }, newId('organization'))).status).toBe(404);
    expect((await ask({ name: 'x', preset: 'full' }, 'org_nonsense')).status).toBe(404);
  });

  it('ends a token after 90 days at the latest, at once and before any job has run', async () => {
    const token = await create();
    expect(Date.parse(token.expiresAt) - clock.wallAt().getTime()).toBe(90 * DAY_MS);
    clock.advance(90 * DAY_MS - 1);
    expect(await opens(token)).toBe(true);
    clock.advance(1);
    expect(await opens(token)).toBe(false);
    expect(await look(token.tokenId)).toMatchObject({ state: 'expired', endedAt: null });
  });

  it('warns of a token 14, 7 and 1 days before it expires, once each, and not of one that was replaced or made for less', async () => {
    const warned: { tokenId: string; name: string; days: number }[] = [];
    const log = { ...silentLog, warn: (fields: object) => void warned.push(fields as (typeof warned)[number]) };
    const long = await create({ name: 'Long', expiresInDays: 15 });
    const short = await create({ name: 'Short', expiresInDays: 7 });
    const replaced = await create({ name: 'Replaced', expiresInDays: 15 });
    const next = made(await rotate(replaced.tokenId, { graceHours: 168, expiresInDays: 90 }));
    const own = new Set([long, short, replaced, next].map(({ tokenId }) => tokenId));
    const seen: unknown[] = [];
    for (let day = 0.5; day <= 16; day += 0.5) {
      clock.advance(DAY_MS / 2);
      await api.office.tokenExpiry.warnOfExpiry(mintApplianceScope(), log);
      seen.push(...warned.splice(0).flatMap(({ tokenId, name, days }) => (own.has(tokenId) ? [[day, name, days]] : [])));
    }
    expect(seen).toEqual([
      [1, 'Long', 14],
      [6, 'Short', 1],
      [8, 'Long', 7],
      [14, 'Long', 1],
    ]);
    const entries = (await audit()).filter(({ action }) => action === 'token.expiry_warned');
    expect(entries.map(({ resource, details }) => [resource, (details as { days: number }).days])).toEqual([
      [long.tokenId, 14],
      [short.tokenId, 1],
      [long.tokenId, 7],
      [long.tokenId, 1],
    ]);
  });

  it('marks expired tokens as ended once an hour, and writes it down once', async () => {
    const short = await create({ expiresInDays: 1 });
    const long = await create({ expiresInDays: 2 });
    const replaced = await create({ expiresInDays: 2 });
    const successor = made(await rotate(replaced.tokenId, { graceHours: 24 }));
    clock.advance(DAY_MS);
    await api.office.tokenExpiry.deactivateExpired(mintApplianceScope());
    expect(await api.office.tokenExpiry.deactivateExpired(mintApplianceScope())).toBe(0);
    const states = await Promise.all([short, long, replaced, successor].map(async ({ tokenId }) => (await look(tokenId))['state']));
    expect(states).toEqual(['expired', 'active', 'rotated', 'active']);
    const expired = (await audit()).filter(({ action }) => action === 'token.expired');
    expect(new Map(expired.map((entry) => [entry['resource'], entry['actor_kind']]))).toEqual(
      new Map([
        [short.tokenId, 'job'],
        [replaced.tokenId, 'job'],
      ]),
    );
    expect(expired).toHaveLength(2);
  });

  it('replaces a token by another with the same rights, and the old one is dead at once', async () => {
    const old = await create({ name: 'Reports', scopes: ['calls:read', 'agent:read'] });
    expect(await opens(old)).toBe(true);
    const answer = await rotate(old.tokenId, { expiresInDays: 30 });
    const next = made(answer);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body).toMatchObject({ name: 'Reports', scopes: ['calls:read', 'agent:read'], rotatedFrom: old.tokenId });
    expect(Date.parse(next.expiresAt) - clock.wallAt().getTime()).toBe(30 * DAY_MS);
    await expect.poll(() => opens(old)).toBe(false);
    expect(await opens(next)).toBe(true);
    expect(await look(old.tokenId)).toMatchObject({ state: 'rotated', rotatedTo: next.tokenId });
    expect((await audit()).map(({ action }) => action)).toEqual(['token.created', 'token.rotated']);
  });

  it('lets a replaced token go on for its grace and no longer', async () => {
    const old = await create();
    const next = made(await rotate(old.tokenId, { graceHours: 168 }));
    expect(await look(old.tokenId)).toMatchObject({ state: 'grace', rotatedTo: next.tokenId });
    clock.advance(168 * HOUR_MS - 1);
    expect([await opens(old), await opens(next)]).toEqual([true, true]);
    clock.advance(1);
    expect([await opens(old), await opens(next)]).toEqual([false, true]);
    expect(await look(old.tokenId)).toMatchObject({ state: 'rotated' });
    expect((await rotate(next.tokenId, { graceHours: 169 })).status).toBe(400);
  });

  it('never makes a grace longer than the token was good for anyway', async () => {
    const old = await create({ expiresInDays: 1 });
    made(await rotate(old.tokenId, { graceHours: 168 }));
    expect(await look(old.tokenId)).toMatchObject({ expiresAt: old.expiresAt });
  });

  it('keeps at most two generations good', async () => {
    const first = await create();
    const second = made(await rotate(first.tokenId, { graceHours: 24 }));
    expect(await rotate(first.tokenId)).toMatchObject({
      status: 409,
      body: { code: 'conflict', detail: 'the token is not active but grace' },
    });
    expect((await rotate(second.tokenId, { graceHours: 1 })).body['detail']).toContain(first.tokenId);
    const third = made(await rotate(second.tokenId));
    expect([await opens(first), await opens(third)]).toEqual([true, true]);
    expect((await rotate(second.tokenId)).status).toBe(409);
    clock.advance(24 * HOUR_MS);
    expect((await rotate(first.tokenId)).status).toBe(409);
  });

  it('makes one token when two rotate the same one at once', async () => {
    const old = await create();
    const answers = await Promise.all([rotate(old.tokenId), rotate(old.tokenId)]);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 409]));
  });

  it('revokes a token for good, in its grace too, and says when there is nothing to revoke', async () => {
    const token = await create();
    expect(await opens(token)).toBe(true);
    const revoke = () => post(`/admin/tokens/${token.tokenId}/revoke`);
    expect(await revoke()).toMatchObject({ status: 200, body: { state: 'revoked', endedAt: clock.wallAt().toISOString() } });
    await expect.poll(() => opens(token)).toBe(false);
    expect(await revoke()).toMatchObject({ status: 409, body: { detail: 'the token has ended already: revoked' } });
    const old = await create();
    made(await rotate(old.tokenId, { graceHours: 24 }));
    expect((await post(`/admin/tokens/${old.tokenId}/revoke`)).body).toMatchObject({ state: 'revoked' });
    expect((await post(`/admin/tokens/${newId('apiToken')}/revoke`)).status).toBe(404);
  });

  it("lists an organization's tokens, newest first, ended ones too, in pages", async () => {
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      clock.advance(1);
      ids.unshift((await create({ name: `token ${index}` })).tokenId);
    }
    await post(`/admin/tokens/${ids[4]}/revoke`);
    const path = `/admin/organizations/${orgId}/tokens?limit=2`;
    const seen: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body } = await api.asAdmin(cursor ? `${path}&cursor=${cursor}` : path);
      seen.push(...(body['tokens'] as Token[]).map(({ tokenId, state }) => `${tokenId} ${state}`));
      cursor = body['nextCursor'] as string | null;
    }
    expect(seen).toEqual([...ids.slice(0, 4).map((id) => `${id} active`), `${ids[4]} revoked`]);
    expect((await api.asAdmin(`/admin/organizations/${newId('organization')}/tokens`)).status).toBe(404);
  });

  it('refuses a token beyond the hundredth that is good', async () => {
    await test.asSuperuser(`insert into api_tokens (org_id, id, name, mac, key_version, prefix, last_four, scopes, created_by, expires_at)
      select '${orgId}', 'tok_' || n, 'x', md5('${orgId}' || n) || md5('${orgId}-' || n), 1, 'p', 'l', '{calls:read}', 'admin', '2027-01-01' from generate_series(1, 99) as n`);
    const hundredth = await create();
    expect(await ask({ name: 'x', preset: 'full' })).toMatchObject({ status: 409, body: { code: 'conflict' } });
    made(await rotate(hundredth.tokenId));
  });

  it('notes when and from where a token was used, without being waited for', async () => {
    const { token, tokenId } = await create();
    const from = (address: string) => api.asToken(token, '/tokens/self', { headers: { 'x-forwarded-for': address } });
    await from('203.0.113.8');
    expect(await look(tokenId)).toMatchObject({ lastUsedAt: null });
    clock.advance(1_000);
    const usedAt = clock.wallAt().toISOString();
    await from('203.0.113.9');
    await api.office.tokenUsage.flush();
    expect(await look(tokenId)).toMatchObject({ lastUsedAt: usedAt, lastUsedAddress: '203.0.113.9' });
  });

  it('is for the admin alone', async () => {
    const { token, tokenId } = await create({ scopes: scopePresets.full });
    for (const path of [`/admin/tokens/${tokenId}`, `/admin/organizations/${orgId}/tokens`]) {
      expect([path, (await api.asToken(token, path)).status]).toEqual([path, 401]);
    }
  });
});
