import { z } from '@hono/zod-openapi';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import { organizations } from '#db/schema/organizations.ts';
import { makeTokenText } from '#features/access/token-text.ts';
import { createApp, createRoutes } from '#http/app.ts';
import { ProblemError } from '#http/problem.ts';
import { adminRoute, orgRoute } from '#http/route.ts';
import type { OrgAccess } from '#http/route.ts';
import { openJumpingClock } from '#ports/testing/jumping-clock.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import type { OrganizationId } from '#shared/id.ts';
import { silentLog } from '#shared/log.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import type { TestApi } from './test-api.ts';
import { addTestOrganization, openTestApi, TEST_ADMIN_KEY } from './test-api.ts';

const HOUR_MS = 3_600_000;
const responses = { 200: { description: 'Done', content: { 'application/json': { schema: z.record(z.string(), z.unknown()) } } } };
const body = { content: { 'application/json': { schema: z.strictObject({ n: z.number() }) } }, required: true };

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('the guards on $kind', (kind) => {
  const clock = openJumpingClock();
  let test: TestDatabase;
  let api: TestApi;
  let orgId: OrganizationId;
  let token: string;
  let count = 0;
  /** What the routes below did, and what they shall answer. */
  const written: number[] = [];
  let fails: ProblemError | Error | null = null;
  let held: Promise<void> = Promise.resolve();
  let app: ReturnType<typeof createApp>;

  beforeAll(async () => {
    test = await kind.open();
    api = await openTestApi(test, { clock });
    const { guards } = api.office;
    const get = (path: string, access: OrgAccess) => orgRoute(guards, access, { method: 'get', path, responses });
    const post = (path: string, access: OrgAccess) => orgRoute(guards, access, { method: 'post', path, request: { body }, responses });
    const write = async (n: number) => {
      written.push(n);
      await held;
      if (fails) throw fails;
      return { n, times: written.length };
    };
    app = createApp({ log: silentLog, clock });
    app.route(
      '/',
      createRoutes()
        .openapi(get('/calls', { scope: 'calls:read' }), (context) =>
          context.json({ ...context.get('actor'), ...context.get('scope') }, 200),
        )
        .openapi(get('/campaigns', { scope: 'campaigns:read' }), (context) => context.json({}, 200))
        .openapi(get('/dear', { scope: 'any', cost: 100 }), (context) => context.json({}, 200))
        .openapi(post('/write', { scope: 'any' }), async (context) => context.json(await write(context.req.valid('json').n), 200))
        .openapi(post('/other', { scope: 'any' }), async (context) => context.json(await write(context.req.valid('json').n), 200))
        .openapi(post('/secret', { scope: 'any', idempotent: false }), async (context) =>
          context.json(await write(context.req.valid('json').n), 200),
        )
        .openapi(adminRoute(guards, { method: 'get', path: '/admin', responses }), (context) =>
          context.json({ ...context.get('actor') }, 200),
        ),
    );
  });
  beforeEach(async () => {
    clock.advance(HOUR_MS);
    written.length = 0;
    fails = null;
    held = Promise.resolve();
    count += 1;
    orgId = await addTestOrganization(test, `org-${count}`);
    token = await api.tokenFor(orgId, ['calls:read']);
  });
  afterAll(async () => {
    await api[Symbol.asyncDispose]();
    await test[Symbol.asyncDispose]();
  });

  const send = async (path: string, init: { method?: string; headers?: Record<string, string>; body?: string } = {}) => {
    const response = await app.request(path, init);
    return { status: response.status, headers: response.headers, body: (await response.json()) as Record<string, unknown> };
  };
  const bearer = (text: string, headers: Record<string, string> = {}) => ({ authorization: `Bearer ${text}`, ...headers });
  const withToken = (path: string, headers: Record<string, string> = {}) => send(path, { headers: bearer(token, headers) });
  const write = (n: number, headers: Record<string, string> = {}, path = '/write') =>
    send(path, { method: 'POST', headers: bearer(token, { 'content-type': 'application/json', ...headers }), body: JSON.stringify({ n }) });
  const keyed = (n: number, key = 'key-00000001', path = '/write') => write(n, { 'idempotency-key': key }, path);
  const setActive = (active: boolean) =>
    test.database.inAppliance(mintApplianceScope(), (queries) =>
      queries.update(organizations).set({ active }).where(eq(organizations.id, orgId)),
    );

  describe('of the client API', () => {
    it('let a good token through, as its organization and with its address', async () => {
      const { status, body: seen } = await withToken('/calls', { 'x-forwarded-for': '203.0.113.9' });
      expect(status).toBe(200);
      expect(seen).toMatchObject({
        kind: 'token',
        organizationId: orgId,
        address: '203.0.113.9',
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      });
    });

    it('answer one and the same 401 to whatever is wrong with a token', async () => {
      const tokenOf = async (change: string) => {
        const text = await api.tokenFor(orgId, ['calls:read']);
        await test.asSuperuser(`update api_tokens set ${change} where org_id = '${orgId}' and last_four = '${text.slice(-4)}'`);
        return text;
      };
      const other = await addTestOrganization(test, `inactive-${count}`);
      const ofInactive = await api.tokenFor(other, ['calls:read']);
      await test.asSuperuser(`update organizations set active = false where id = '${other}'`);
      const presented: Record<string, string | undefined> = {
        missing: undefined,
        empty: '',
        'of another kind': 'Basic Y2FsbHM6cmVhZA==',
        malformed: 'Bearer cck_live_short',
        'with a wrong checksum': `Bearer ${makeTokenText().slice(0, -1)}-`,
        unknown: `Bearer ${makeTokenText()}`,
        expired: `Bearer ${await tokenOf(`expires_at = '2020-01-01'`)}`,
        revoked: `Bearer ${await tokenOf(`active = false, ending = 'revoked'`)}`,
        'of an inactive organization': `Bearer ${ofInactive}`,
      };
      for (const [what, authorization] of Object.entries(presented)) {
        const headers = { 'x-forwarded-for': `192.0.2.${what.length}`, ...(authorization === undefined ? {} : { authorization }) };
        const { status, headers: answered, body: problem } = await send('/calls', { headers });
        const { requestId, ...rest } = problem;
        expect([what, status, answered.get('www-authenticate'), answered.get('ratelimit')]).toEqual([what, 401, 'Bearer', null]);
        expect([what, typeof requestId, rest]).toEqual([
          what,
          'string',
          {
            type: 'about:blank',
            title: 'Who is asking is not known',
            status: 401,
            code: 'unauthenticated',
            detail: 'the header Authorization must hold "Bearer" and a token that is good',
          },
        ]);
      }
    });

    it('open again when the organization does', async () => {
      expect((await withToken('/calls')).status).toBe(200);
      await setActive(false);
      clock.advance(5_000);
      expect((await withToken('/calls')).status).toBe(401);
      await setActive(true);
      clock.advance(1_000);
      expect((await withToken('/calls')).status).toBe(200);
    });

    it('name the scope that a token lacks, and take both scopes of a kind for each', async () => {
      expect(await withToken('/campaigns')).toMatchObject({
        status: 403,
        body: { code: 'insufficient_scope', detail: expect.stringContaining('campaigns:read') },
      });
      token = await api.tokenFor(orgId, ['campaigns:*']);
      expect([(await withToken('/campaigns')).status, (await withToken('/calls')).status]).toEqual([200, 403]);
    });

    it('refuse an address after ten failures, but not a token that was good there before', async () => {
      const from = (text: string, address: string) => send('/calls', { headers: bearer(text, { 'x-forwarded-for': address }) });
      expect((await from(token, '192.0.2.7')).status).toBe(200);
      const statuses: number[] = [];
      for (let attempt = 0; attempt < 12; attempt += 1) statuses.push((await from(makeTokenText(), '192.0.2.7')).status);
      expect(statuses).toEqual([...Array<number>(10).fill(401), 429, 429]);
      const refused = await from('nonsense', '192.0.2.7');
      expect([refused.status, refused.body['code'], refused.headers.get('retry-after')]).toEqual([429, 'rate_limited', '6']);
      expect((await from(makeTokenText(), '192.0.2.8')).status).toBe(401);
      expect((await from(token, '192.0.2.7')).status).toBe(200);
      clock.advance(4_500);
      expect((await from(token, '192.0.2.7')).status).toBe(200);
      const neverSeen = await api.tokenFor(orgId, ['calls:read']);
      expect((await from(neverSeen, '192.0.2.7')).status).toBe(429);
      expect((await from(neverSeen, '192.0.2.8')).status).toBe(200);
    });

    it('count nothing against an address that presents nothing', async () => {
      for (let attempt = 0; attempt < 30; attempt += 1) expect((await send('/calls')).status).toBe(401);
    });
  });

  describe('of the rate', () => {
    const rateOf = ({ headers }: { headers: Headers }) => [headers.get('ratelimit-policy'), headers.get('ratelimit')];

    it('tell what is left of the plan on every answer behind the authentication', async () => {
      expect(rateOf(await withToken('/calls'))).toEqual(['"plan";q=600;w=60', '"plan";r=599;t=1']);
      expect(rateOf(await withToken('/campaigns'))).toEqual(['"plan";q=600;w=60', '"plan";r=598;t=1']);
      expect(rateOf(await withToken('/dear'))).toEqual(['"plan";q=600;w=60', '"plan";r=498;t=11']);
      const invalid = await write(Number.NaN);
      expect([invalid.status, ...rateOf(invalid)]).toEqual([400, '"plan";q=600;w=60', '"plan";r=497;t=11']);
      fails = new Error('a fault');
      const fault = await write(1);
      expect([fault.status, ...rateOf(fault)]).toEqual([500, '"plan";q=600;w=60', '"plan";r=496;t=11']);
    });

    it('refuse what is beyond it, all tokens of the organization together, and let it in when they said', async () => {
      const second = await api.tokenFor(orgId, ['calls:read']);
      const other = await api.tokenFor(await addTestOrganization(test, `rate-${count}`), ['calls:read']);
      for (let sent = 0; sent < 6; sent += 1) expect((await withToken('/dear')).status).toBe(200);
      const refused = await send('/calls', { headers: bearer(second) });
      expect([refused.status, refused.body['code'], refused.headers.get('retry-after'), ...rateOf(refused)]).toEqual([
        429,
        'rate_limited',
        '1',
        '"plan";q=600;w=60',
        '"plan";r=0;t=60',
      ]);
      expect((await send('/calls', { headers: bearer(other) })).status).toBe(200);
      clock.advance(1_000);
      expect((await withToken('/calls')).status).toBe(200);
    });

    it('follow the plan when it changes', async () => {
      await withToken('/calls');
      await test.asSuperuser(`insert into plans (id, name, concurrent_calls, agents, requests_per_minute, daily_dials, storage_bytes, recording_retention_days, text_retention_days)
        values ('tiny-${count}', 'Tiny', 1, 1, 2, 1, 1, 1, 1)`);
      await test.asSuperuser(`update organizations set plan_id = 'tiny-${count}' where id = '${orgId}'`);
      clock.advance(HOUR_MS);
      expect(rateOf(await withToken('/calls'))).toEqual(['"plan";q=2;w=60', '"plan";r=1;t=30']);
    });
  });

  describe('of repeated writes', () => {
    it('do the work once and give its answer again, for a day', async () => {
      const first = await keyed(7);
      const second = await keyed(7);
      expect([first.status, first.headers.get('idempotency-replayed')]).toEqual([200, null]);
      expect([second.status, second.headers.get('idempotency-replayed'), second.headers.get('content-type')]).toEqual([
        200,
        'true',
        'application/json',
      ]);
      expect(second.body).toEqual(first.body);
      expect(second.headers.get('ratelimit')).not.toBeNull();
      expect(written).toEqual([7]);
      clock.advance(24 * HOUR_MS);
      expect((await keyed(7)).headers.get('idempotency-replayed')).toBeNull();
      expect(written).toEqual([7, 7]);
    });

    it('do the work every time without a key', async () => {
      await write(7);
      await write(7);
      expect(written).toEqual([7, 7]);
    });

    it('refuse a key that came with another request', async () => {
      await keyed(7);
      for (const other of [await keyed(8), await keyed(7, 'key-00000001', '/other')]) {
        expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_mismatch' } });
      }
      expect(written).toEqual([7]);
    });

    it('keep the keys of two organizations apart', async () => {
      await keyed(7);
      token = await api.tokenFor(await addTestOrganization(test, `keys-${count}`), ['calls:read']);
      expect((await keyed(8)).status).toBe(200);
      expect(written).toEqual([7, 8]);
    });

    it('ask a client to come back while the first request is at work, and let one of ten through', async () => {
      const release = Promise.withResolvers<void>();
      held = release.promise;
      const answers = Array.from({ length: 10 }, () => keyed(7));
      await expect.poll(() => written.length).toBe(1);
      const early = await keyed(7);
      expect([early.status, early.body['code'], early.headers.get('retry-after')]).toEqual([409, 'conflict', '1']);
      release.resolve();
      const statuses = (await Promise.all(answers)).map(({ status }) => status);
      expect(statuses.filter((status) => status === 200)).toHaveLength(1);
      expect(statuses.filter((status) => status === 409)).toHaveLength(9);
      expect((await keyed(7)).status).toBe(200);
      expect(written).toEqual([7]);
    });

    it('keep a refusal, and try again after a fault', async () => {
      fails = new ProblemError('conflict', 'it is not so any more');
      expect((await keyed(7)).status).toBe(409);
      const again = await keyed(7);
      expect([again.status, again.body['detail'], again.headers.get('content-type'), again.headers.get('idempotency-replayed')]).toEqual([
        409,
        'it is not so any more',
        'application/problem+json',
        'true',
      ]);
      expect(written).toEqual([7]);
      for (const fault of [new Error('a fault'), new ProblemError('unavailable', 'later'), new ProblemError('rate_limited', 'later')]) {
        fails = fault;
        expect((await keyed(9, 'key-00000002')).status).toBeGreaterThanOrEqual(429);
      }
      fails = null;
      expect((await keyed(9, 'key-00000002')).status).toBe(200);
      expect(written).toEqual([7, 9, 9, 9, 9]);
    });

    it('take a key over from a process that died with it, and not from one that is slow', async () => {
      const release = Promise.withResolvers<void>();
      held = release.promise;
      const dead = keyed(7);
      await expect.poll(() => written.length).toBe(1);
      clock.advance(60_000);
      expect((await keyed(7)).status).toBe(409);
      clock.advance(1);
      held = Promise.resolve();
      expect((await keyed(7)).body).toEqual({ n: 7, times: 2 });
      // The first was slow after all: its answer does not replace the one that is kept.
      release.resolve();
      await dead;
      expect((await keyed(7)).body).toEqual({ n: 7, times: 2 });
    });

    it('keep a key from others for as long as its work says that it goes on', async () => {
      const { idempotency } = api.office;
      const scope = mintOrgScope(orgId);
      const request = { key: 'key-00000001', requestHash: 'a' };
      const reserved = await idempotency.reserve(scope, request);
      if (reserved.kind !== 'reserved') throw new Error(reserved.kind);
      let { reservedAt } = reserved;
      for (let renewal = 0; renewal < 3; renewal += 1) {
        clock.advance(59_000);
        reservedAt = await idempotency.renew(scope, { ...request, reservedAt });
        expect(await idempotency.reserve(scope, request)).toEqual({ kind: 'under_way' });
      }
      clock.advance(60_001);
      expect(await idempotency.reserve(scope, request)).toMatchObject({ kind: 'reserved' });
      // Too late: another has the key.
      expect(await idempotency.renew(scope, { ...request, reservedAt })).toEqual(reservedAt);
    });

    it('never keep an answer that holds a secret, and refuse a key of another form', async () => {
      await keyed(7, 'key-00000001', '/secret');
      await keyed(7, 'key-00000001', '/secret');
      expect(written).toEqual([7, 7]);
      expect(await test.asSuperuser(`select * from idempotency_keys where org_id = '${orgId}'`)).toEqual([]);
      expect(await keyed(7, 'short')).toMatchObject({ status: 400, body: { fields: [{ path: 'idempotency-key' }] } });
      expect(written).toEqual([7, 7]);
    });

    it('remove what is older than a day', async () => {
      await keyed(7);
      const kept = () => test.asSuperuser(`select key from idempotency_keys where org_id = '${orgId}'`);
      await api.office.idempotency.removeExpired(mintApplianceScope());
      expect(await kept()).toHaveLength(1);
      clock.advance(24 * HOUR_MS);
      await api.office.idempotency.removeExpired(mintApplianceScope());
      expect(await kept()).toHaveLength(0);
    });
  });

  describe('of the admin API', () => {
    const asAdmin = (key: string | undefined, address: string) =>
      send('/admin', { headers: { 'x-forwarded-for': address, ...(key === undefined ? {} : { 'x-admin-key': key }) } });

    it('let the key through, with its address in the log of what it does', async () => {
      const { status, body: actor } = await asAdmin(TEST_ADMIN_KEY, '192.0.2.20');
      expect([status, actor]).toEqual([200, { kind: 'admin', name: 'admin', address: '192.0.2.20', requestId: expect.any(String) }]);
    });

    it('answer a missing key as a wrong one', async () => {
      const [missing, wrong] = [await asAdmin(undefined, '192.0.2.21'), await asAdmin('wrong', '192.0.2.21')];
      expect([missing.status, missing.headers.get('www-authenticate')]).toEqual([401, 'AdminKey header="X-Admin-Key"']);
      expect({ ...missing.body, requestId: '' }).toEqual({ ...wrong.body, requestId: '' });
    });

    it('refuse an address after five wrong keys, and even the right one from there unless it was used there within the hour', async () => {
      const wrong = async (address: string) => (await asAdmin('wrong', address)).status;
      const statuses: number[] = [];
      for (let attempt = 0; attempt < 6; attempt += 1) statuses.push(await wrong('192.0.2.22'));
      expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
      const right = await asAdmin(TEST_ADMIN_KEY, '192.0.2.22');
      expect([right.status, right.headers.get('retry-after')]).toEqual([429, '180']);
      expect((await asAdmin(TEST_ADMIN_KEY, '192.0.2.23')).status).toBe(200);
      for (let attempt = 0; attempt < 6; attempt += 1) await wrong('192.0.2.23');
      expect([await wrong('192.0.2.23'), (await asAdmin(TEST_ADMIN_KEY, '192.0.2.23')).status]).toEqual([429, 200]);
      clock.advance(180_000);
      expect((await asAdmin(TEST_ADMIN_KEY, '192.0.2.22')).status).toBe(200);
    });
  });
});
