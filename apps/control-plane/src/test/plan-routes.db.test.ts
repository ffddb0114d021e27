import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import { toCursor } from '#http/page.ts';
import { newId } from '#shared/id.ts';
import type { TestApi } from './test-api.ts';
import { addTestOrganization, openTestApi } from './test-api.ts';

const small = {
  planId: 'small',
  name: 'Small',
  concurrentCalls: 1,
  agents: 1,
  requestsPerMinute: 60,
  dailyDials: 0,
  storageBytes: 1_000_000,
  recordingRetentionDays: 7,
  textRetentionDays: 30,
};

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('plans and the audit log over the API on $kind', (kind) => {
  let test: TestDatabase;
  let api: TestApi;
  beforeAll(async () => {
    test = await kind.open();
    api = await openTestApi(test);
  });
  afterAll(async () => {
    await api[Symbol.asyncDispose]();
    await test[Symbol.asyncDispose]();
  });
  const send = (method: string, path: string, body?: unknown) => api.asAdmin(path, { method, ...(body === undefined ? {} : { body }) });

  it('are made once, changed, listed by pages and deleted', async () => {
    expect(await send('POST', '/admin/plans', small)).toMatchObject({ status: 201, body: small });
    expect(await send('POST', '/admin/plans', small)).toMatchObject({
      status: 409,
      body: { code: 'conflict', fields: [{ path: 'planId' }] },
    });
    expect(await send('PATCH', '/admin/plans/small', { agents: 2 })).toMatchObject({ status: 200, body: { ...small, agents: 2 } });
    const first = await api.asAdmin('/admin/plans?limit=3');
    const second = await api.asAdmin(`/admin/plans?limit=3&cursor=${String(first.body['nextCursor'])}`);
    const ids = [first, second].flatMap(({ body }) => (body['plans'] as { planId: string }[]).map(({ planId }) => planId));
    expect(ids).toEqual(['enterprise', 'small', 'standard', 'starter']);
    expect(second.body['nextCursor']).toBeNull();
    expect((await send('DELETE', '/admin/plans/small')).status).toBe(204);
    expect((await send('DELETE', '/admin/plans/small')).status).toBe(404);
    expect((await send('PATCH', '/admin/plans/small', { agents: 2 })).status).toBe(404);
  });

  it('are refused with limits that nothing could serve, naming the field', async () => {
    for (const [field, value] of [
      ['concurrentCalls', 0],
      ['agents', 1.5],
      ['storageBytes', -1],
      ['textRetentionDays', 4_000],
      ['planId', 'A b'],
    ] as const)
      expect(await send('POST', '/admin/plans', { ...small, [field]: value })).toMatchObject({
        status: 400,
        body: { fields: [{ path: field }] },
      });
    expect((await send('POST', '/admin/plans', { ...small, free: true })).status).toBe(400);
    expect((await send('PATCH', '/admin/plans/starter', {})).status).toBe(400);
  });

  it('stay while an organization is on them, and the one for organizations without a plan stays always', async () => {
    await send('POST', '/admin/plans', { ...small, planId: 'in-use' });
    await addTestOrganization(test, 'uses-a-plan', 'in-use');
    expect(await send('DELETE', '/admin/plans/in-use')).toMatchObject({
      status: 409,
      body: { detail: '1 organization(s) are on this plan' },
    });
    expect((await send('DELETE', '/admin/plans/standard')).status).toBe(422);
  });

  it('tell other processes of a change and leave it in the appliance’s audit log, which pages and verifies', async () => {
    const heard: string[] = [];
    await using _listening = await test.database.listen('access_changes', (notification) => {
      if (notification.kind === 'payload') heard.push(notification.payload);
    });
    for (const dailyDials of [1, 2, 3]) await send('PATCH', '/admin/plans/starter', { dailyDials });
    await expect.poll(() => heard).toEqual(['plan starter', 'plan starter', 'plan starter']);
    const page = await api.asAdmin('/admin/audit?limit=2');
    const next = await api.asAdmin(`/admin/audit?chain=appliance&limit=1&cursor=${String(page.body['nextCursor'])}`);
    const entries = [page, next].flatMap(({ body }) => body['entries'] as Record<string, unknown>[]);
    expect(entries.map(({ details }) => details)).toEqual([{ dailyDials: 3 }, { dailyDials: 2 }, { dailyDials: 1 }]);
    expect(entries[0]).toMatchObject({ chain: 'appliance', action: 'plan.updated', resource: 'starter', actor: { kind: 'admin' } });
    expect((await api.asAdmin('/admin/audit/verify')).body).toMatchObject({
      intact: true,
      chains: [{ chain: 'appliance', intact: true, faults: [] }],
    });
    await test.asSuperuser(`update audit_entries set actor_name = 'nobody' where seq = 2`);
    expect((await api.asAdmin('/admin/audit/verify?chain=appliance')).body).toMatchObject({
      intact: false,
      chains: [{ intact: false, faults: [{ kind: 'edited', seq: 2 }] }],
    });
    // A part of another chain cannot be asked for under the name of this one.
    const elsewhere = toCursor({ chain: newId('organization'), seq: 3, hash: 'a'.repeat(64) });
    expect((await api.asAdmin(`/admin/audit/verify?chain=appliance&cursor=${elsewhere}`)).status).toBe(400);
    const onwards = toCursor({ chain: 'appliance', seq: 2, hash: 'a'.repeat(64) });
    expect((await api.asAdmin(`/admin/audit/verify?cursor=${onwards}`)).body).toMatchObject({
      intact: false,
      nextCursor: null,
      chains: [{ faults: [{ kind: 'misplaced', seq: 3 }] }],
    });
    expect((await api.asAdmin('/admin/audit?chain=nonsense')).status).toBe(404);
    expect((await api.asAdmin(`/admin/audit?chain=${newId('organization')}`)).body).toEqual({ entries: [], nextCursor: null });
  });
});
