import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import { seedDemo } from '#features/appliance/seed-demo.ts';
import { createCallStore } from '#features/calls/call-store.ts';
import type { ManualClock } from '#ports/testing/manual-clock.ts';
import type { ScriptedCallLeg } from '#ports/testing/scripted-call-leg.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { TEST_ADMIN_KEY } from './test/test-api.ts';
import { openTestPlane } from './test/test-plane.ts';

const appliance = mintApplianceScope();

/** Lets time pass until the leg is in that state. */
async function expectProgress(clock: ManualClock, leg: ScriptedCallLeg, progress: string): Promise<void> {
  const current = async () => {
    await clock.run(20);
    return leg.progress();
  };
  await expect.poll(current, { timeout: 10_000, interval: 10 }).toBe(progress);
}

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('the control plane on $kind', (kind) => {
  let test: TestDatabase;
  beforeAll(async () => {
    test = await kind.open();
    await seedDemo(test.database, appliance);
  });
  afterAll(() => test[Symbol.asyncDispose]());

  it('answers the demo number, shows the call while it is up, and keeps what was said', async () => {
    const { clock, plane, ring, get } = await openTestPlane(test);
    const leg = ring('1001');
    await expectProgress(clock, leg, 'answered');
    const live = (await get('/admin/live-calls')).body['calls'] as { callId: string }[];
    expect(live).toMatchObject([{ dialledNumber: '1001', organizationId: 'org_00000000000000000000000000000001' }]);
    await clock.run(3_000);
    leg.callerHangsUp();
    await expectProgress(clock, leg, 'ended');
    await plane[Symbol.asyncDispose]();
    const found = await createCallStore(test.database).outline(appliance, live[0]!.callId);
    expect(found?.call).toMatchObject({ state: 'ended', outcome: 'caller_hung_up' });
    expect(found?.turns).toMatchObject([{ role: 'agent' }]);
  });

  it('refuses a number that nobody owns and keeps a rejected call and nothing else', async () => {
    const { clock, plane, ring } = await openTestPlane(test);
    const leg = ring('7777');
    await expectProgress(clock, leg, 'rejected');
    await plane[Symbol.asyncDispose]();
    expect(leg.rejectedFor()).toBe('unknown_number');
    expect(await test.asSuperuser(`select outcome from rejected_calls where dialled_number = '7777'`)).toEqual([
      { outcome: 'rejected_unknown_number' },
    ]);
    expect(await test.asSuperuser(`select id from calls where dialled_number = '7777'`)).toEqual([]);
  });

  it("takes no more calls of an organization than its plan says, and writes the refused one down as the organization's", async () => {
    const demo = 'org_00000000000000000000000000000001';
    await test.asSuperuser(`insert into plans select 'tiny', 'Tiny', 1, agents, requests_per_minute, daily_dials, storage_bytes,
      recording_retention_days, text_retention_days from plans where id = 'standard'`);
    await test.asSuperuser(`update organizations set plan_id = 'tiny' where id = '${demo}'`);
    const { clock, plane, ring } = await openTestPlane(test);
    const first = ring('1001');
    await expectProgress(clock, first, 'answered');
    const second = ring('1002');
    await expectProgress(clock, second, 'rejected');
    await plane[Symbol.asyncDispose]();
    await test.asSuperuser(`update organizations set plan_id = 'standard' where id = '${demo}'`);
    expect(second.rejectedFor()).toBe('at_capacity');
    expect(await test.asSuperuser(`select org_id, state, dialled_number from calls where outcome = 'rejected_at_capacity'`)).toEqual([
      { org_id: demo, state: 'rejected', dialled_number: '1002' },
    ]);
  });

  it('hangs up a live call for its organization over the API, after a line in the audit log', async () => {
    const { clock, plane, ring, get, post } = await openTestPlane(test);
    const leg = ring('1001');
    await expectProgress(clock, leg, 'answered');
    const [live] = (await get('/admin/live-calls')).body['calls'] as { callId: string; organizationId: string }[];
    const path = `/admin/organizations/${live?.organizationId}/tokens`;
    const made = await post(path, { 'X-Admin-Key': TEST_ADMIN_KEY }, { name: 'calls', scopes: ['calls:write'] });
    const bearer = { authorization: `Bearer ${made.body['token'] as string}` };
    expect(await post(`/calls/${live?.callId}/hang-up`, bearer)).toMatchObject({ status: 202, body: { state: 'ending' } });
    await expectProgress(clock, leg, 'ended');
    await plane[Symbol.asyncDispose]();
    expect(await test.asSuperuser(`select outcome, reason from calls where id = '${live?.callId}'`)).toEqual([
      { outcome: 'completed', reason: 'hung_up_by_api' },
    ]);
    expect(await test.asSuperuser(`select action from audit_entries where resource = '${live?.callId}'`)).toEqual([
      { action: 'call.hang_up_requested' },
    ]);
  });

  it('stops by refusing new calls and letting live ones end', async () => {
    const { clock, plane, ring, get } = await openTestPlane(test);
    const leg = ring('1002');
    await expectProgress(clock, leg, 'answered');
    const stop = new AbortController();
    let isServing = true;
    const served = plane.serveUntil(stop.signal).then(() => (isServing = false));
    expect((await get('/health/ready')).status).toBe(200);
    stop.abort();
    await expect.poll(async () => (await get('/health/ready')).status).toBe(503);
    const late = ring('1001');
    await expectProgress(clock, late, 'rejected');
    expect([late.rejectedFor(), leg.progress(), isServing]).toEqual(['not_ready', 'answered', true]);
    leg.callerHangsUp();
    await served;
    await plane[Symbol.asyncDispose]();
    await expect(get('/health')).rejects.toThrow('fetch failed');
  });

  it('ends live calls at once when it is forced, and writes them down as ended', async () => {
    const { clock, plane, ring } = await openTestPlane(test);
    const leg = ring('1001');
    await expectProgress(clock, leg, 'answered');
    await plane.serveUntil(AbortSignal.abort(), { force: AbortSignal.abort() });
    await plane[Symbol.asyncDispose]();
    expect(leg.progress()).toBe('ended');
    expect(await test.asSuperuser('select id from calls where ended_at is null')).toEqual([]);
  });

  it('closes the calls that an earlier process left open', async () => {
    await test.asSuperuser(`insert into calls (org_id, id, dialled_number, caller_number, state, started_at)
      values ('org_00000000000000000000000000000001', 'call_left_open', '1001', '', 'answered', '2025-12-31T00:00:00Z')`);
    const { plane } = await openTestPlane(test);
    await using _plane = plane;
    const left = () => createCallStore(test.database).outline(appliance, 'call_left_open');
    await expect
      .poll(async () => (await left())?.call, { timeout: 5_000 })
      .toMatchObject({ state: 'ended', outcome: 'failed', reason: 'ended_while_away' });
  });
});
