import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import type { ReadinessCheck } from '#features/appliance/readiness.ts';
import { seedDemo } from '#features/appliance/seed-demo.ts';
import { createCallEventWriter, queued } from '#features/calls/call-event-writer.ts';
import type { CallEvent } from '#ports/call-event.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import type { OrganizationId } from '#shared/id.ts';
import { newId } from '#shared/id.ts';
import { silentLog } from '#shared/log.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import type { TestApi } from './test/test-api.ts';
import { openTestApi } from './test/test-api.ts';

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('the API on $kind', (kind) => {
  let test: TestDatabase;
  let api: TestApi;
  const reasons = new Map<string, string | null>([['telephony', null]]);
  const stuck: ReadinessCheck = {
    name: 'database',
    check: async () => (reasons.get('database') === 'stuck' ? await new Promise<never>(() => {}) : null),
  };
  const callIds = Array.from({ length: 5 }, () => newId('call'));

  beforeAll(async () => {
    test = await kind.open();
    const demo = await seedDemo(test.database, mintApplianceScope());
    const scope = mintOrgScope(demo.organization.organizationId as OrganizationId);
    const events = callIds.flatMap((callId, index): CallEvent[] => {
      const at = new Date(Date.parse('2026-11-21T10:00:00Z') + index * 1_000);
      const call = { scope, callId, at };
      const leg = {
        agentId: demo.agents[0]!.agentId,
        legId: `leg-${index}`,
        dialledNumber: '1001',
        callerNumber: '+34600000000',
        recordingPath: null,
      };
      return [
        { ...call, ...leg, kind: 'call_started' },
        { ...call, kind: 'note', name: 'node_entered', fields: { node: 'greeting' } },
        {
          ...call,
          kind: 'turn_recorded',
          turn: {
            seq: 1,
            role: 'agent',
            text: 'Buenos días',
            input: null,
            startedAt: at,
            endedAt: at,
            heardMs: 900,
            interrupted: false,
            latency: null,
          },
        },
      ];
    });
    await createCallEventWriter({ database: test.database, log: silentLog })(events.map(queued));
    api = await openTestApi(test, { checks: [{ name: 'telephony', check: async () => reasons.get('telephony') ?? null }, stuck] });
    for (const event of events.slice(0, 3)) api.board.observe(event);
  });
  afterAll(async () => {
    await api[Symbol.asyncDispose]();
    await test[Symbol.asyncDispose]();
  });

  const ask = async (path: string) => {
    const { status, body } = await api.asAdmin(path);
    return { status, body };
  };

  it('lists the agents', async () => {
    const { status, body } = await ask('/admin/agents');
    expect(status).toBe(200);
    expect(body['agents']).toMatchObject([
      { language: 'es', state: 'active', version: 1 },
      { language: 'en', state: 'active', version: 1 },
    ]);
  });

  it('pages through calls, newest first, to the end', async () => {
    const seen: unknown[] = [];
    let cursor = '';
    for (let pages = 0; pages < 3; pages += 1) {
      const { body } = await ask(`/admin/calls?limit=2${cursor}`);
      seen.push(...(body['calls'] as { callId: string }[]).map(({ callId }) => callId));
      cursor = `&cursor=${String(body['nextCursor'])}`;
      expect(body['nextCursor'] === null).toBe(pages === 2);
    }
    expect(seen).toEqual(callIds.toReversed());
  });

  it('shows one call with its turns and notes, and 404 for any other id', async () => {
    const { status, body } = await ask(`/admin/calls/${callIds[2]}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      call: { callId: callIds[2], state: 'ringing', startedAt: '2026-11-21T10:00:02.000Z', endedAt: null },
      turns: [{ seq: 1, role: 'agent', text: null, heardMs: 900 }],
      notes: [{ name: 'node_entered', fields: null }],
    });
    expect(await ask(`/admin/calls/${newId('call')}`)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await ask("/admin/calls/' or 1=1 --")).toMatchObject({ status: 404 });
  });

  it('shows what is up now', async () => {
    expect((await ask('/admin/live-calls')).body).toMatchObject({ calls: [{ callId: callIds[0], turns: 1, answeredAt: null }] });
  });

  it('tells nothing of any organization without the admin key', async () => {
    for (const path of ['/admin/agents', '/admin/calls', `/admin/calls/${callIds[0]}`, '/admin/live-calls']) {
      const response = await api.ask(path);
      expect([path, response.status]).toEqual([path, 401]);
    }
  });

  it('is alive always and ready only while every check passes, with the reason', async () => {
    expect(await ask('/health')).toEqual({ status: 200, body: { status: 'alive' } });
    expect(await ask('/health/ready')).toMatchObject({ status: 200, body: { ready: true } });
    reasons.set('telephony', 'not connected').set('database', 'stuck');
    expect(await ask('/health/ready')).toEqual({
      status: 503,
      body: {
        ready: false,
        checks: [
          { name: 'telephony', ok: false, reason: 'not connected' },
          { name: 'database', ok: false, reason: 'no answer within 2000 ms' },
        ],
      },
    });
    const fromOutside = await api.ask('/health/ready', { headers: { 'x-forwarded-for': '203.0.113.7' } });
    expect(fromOutside).toMatchObject({
      status: 503,
      body: { checks: [{ name: 'telephony', ok: false, reason: null }, { reason: null }] },
    });
    reasons.clear();
  });

  it('has started once every check has passed once, whatever fails afterwards', async () => {
    const fresh = await openTestApi(test, { checks: [{ name: 'telephony', check: async () => reasons.get('telephony') ?? null }] });
    reasons.set('telephony', 'not connected');
    expect(await fresh.ask('/health/startup')).toMatchObject({
      status: 503,
      body: { started: false, pending: [{ name: 'telephony', ok: false, reason: 'not connected' }] },
    });
    reasons.clear();
    expect(await fresh.ask('/health/startup')).toMatchObject({ status: 200, body: { started: true, pending: [] } });
    reasons.set('telephony', 'gone again');
    expect(await fresh.ask('/health/startup')).toMatchObject({ status: 200 });
    expect(await fresh.ask('/health/ready')).toMatchObject({ status: 503 });
    reasons.clear();
    await fresh[Symbol.asyncDispose]();
  });

  it('tells the admin of every dependency: state, latency, mode, model, since when and what went wrong last', async () => {
    const probe = async () => ({ state: 'degraded', mode: 'resting', model: 'whisper', reason: 'left alone' }) as const;
    const detailed = await openTestApi(test, { dependencies: [{ name: 'speech_to_text', probe }] });
    expect(await detailed.ask('/health/detailed')).toMatchObject({ status: 401 });
    const { status, body } = await detailed.asAdmin('/health/detailed');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ready: true,
      dependencies: [{ name: 'speech_to_text', state: 'degraded', mode: 'resting', model: 'whisper', lastError: { reason: 'left alone' } }],
    });
    await detailed[Symbol.asyncDispose]();
  });

  it('opens the detailed health to the admin key and to a token with health:read, and to neither that is wrong', async () => {
    const one = await openTestApi(test);
    const { organizationId } = (await one.asAdmin('/admin/organizations', { method: 'POST', body: { name: 'Watched', planId: 'starter' } }))
      .body;
    const tokenWith = async (preset: string) => {
      const made = await one.asAdmin(`/admin/organizations/${String(organizationId)}/tokens`, {
        method: 'POST',
        body: { name: preset, preset },
      });
      return { authorization: `Bearer ${String(made.body['token'])}` };
    };
    const statusOf = async (headers: Record<string, string>) => (await one.ask('/health/detailed', { headers })).status;
    expect(await statusOf(await tokenWith('monitoring'))).toBe(200);
    expect(await statusOf(await tokenWith('full'))).toBe(403);
    expect(await statusOf({ ...(await tokenWith('monitoring')), 'x-admin-key': 'wrong' })).toBe(401);
    await one[Symbol.asyncDispose]();
  });

  it('serves the series as text', async () => {
    const { headers, body } = await api.ask('/metrics');
    expect(headers.get('content-type')).toContain('version=0.0.4');
    expect(body['text']).toContain('centralita_calls_live');
    const statusFor = async (header: string, value: string) => (await api.ask('/metrics', { headers: { [header]: value } })).status;
    expect(await statusFor('x-forwarded-for', '203.0.113.7, 192.168.1.9')).toBe(200);
    for (const chain of ['203.0.113.7', '10.0.0.1, 203.0.113.7', '10.0.0.1, 2001:db8::1', 'unknown'])
      expect(await statusFor('x-forwarded-for', chain)).toBe(404);
    expect(await statusFor('forwarded', 'for=203.0.113.7')).toBe(404);
  });
});
