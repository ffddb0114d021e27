import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import { seedDemo } from '#features/appliance/seed-demo.ts';
import type { AdminAlert, Notifier } from '#ports/notifier.ts';
import type { ScriptedCallLeg } from '#ports/testing/scripted-call-leg.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { DEFAULT_SAFETY } from './safety.ts';
import { TEST_ADMIN_KEY } from './test/test-api.ts';
import { openTestPlane } from './test/test-plane.ts';

const DEMO = 'org_00000000000000000000000000000001';
const asAdmin = { 'X-Admin-Key': TEST_ADMIN_KEY };

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('safety on $kind', (kind) => {
  let test: TestDatabase;
  beforeAll(async () => {
    test = await kind.open();
    await seedDemo(test.database, mintApplianceScope());
  });
  afterAll(() => test[Symbol.asyncDispose]());

  type Plane = Awaited<ReturnType<typeof openTestPlane>>;
  const progress = async ({ clock }: Plane, leg: ScriptedCallLeg, wanted: string) =>
    await expect
      .poll(
        async () => {
          await clock.run(20);
          return leg.progress();
        },
        { timeout: 20_000, interval: 5 },
      )
      .toBe(wanted);
  const actions = async () => {
    const rows = await test.asSuperuser(`select action from audit_entries where resource = 'appliance' order by seq`);
    return rows.map(({ action }) => action);
  };

  it('a stop refuses the next call, lets the live one end, outlives a restart, and ends when somebody resumes', async () => {
    const plane = await openTestPlane(test);
    const live = plane.ring('1001');
    await progress(plane, live, 'answered');
    expect(await plane.post('/admin/global-stop', asAdmin, { reason: 'fire drill' })).toMatchObject({ status: 200 });
    const next = plane.ring('1001');
    await progress(plane, next, 'rejected');
    expect([next.rejectedFor(), live.progress()]).toEqual(['not_ready', 'answered']);
    const ready = await plane.get('/health/ready');
    expect(ready.status).toBe(503);
    expect(ready.body['checks']).toContainEqual({ name: 'global_stop', ok: false, reason: 'stopped by admin: fire drill' });
    await plane.plane[Symbol.asyncDispose]();
    expect(await test.asSuperuser(`select state from calls where outcome = 'rejected_stopped'`)).toEqual([{ state: 'rejected' }]);

    const restarted = await openTestPlane(test);
    const late = restarted.ring('1001');
    await progress(restarted, late, 'rejected');
    expect(await restarted.registry.getSingleMetricAsString('centralita_global_stop')).toContain('centralita_global_stop 1');
    expect(await restarted.post('/admin/global-stop/resume', asAdmin, {})).toMatchObject({ body: { state: 'running', changed: true } });
    const after = restarted.ring('1001');
    await progress(restarted, after, 'answered');
    await restarted.plane[Symbol.asyncDispose]();
    expect(await actions()).toEqual(['global_stop.begun', 'global_stop.ended']);
  });

  it('a call during a stop is rung where its organization chose', async () => {
    await test.asSuperuser(`update organizations set overload_choice = 'fallback', overload_destination = '2001' where id = '${DEMO}'`);
    const plane = await openTestPlane(test);
    await plane.post('/admin/global-stop', asAdmin, { reason: 'fire drill' });
    const leg = plane.ring('1001');
    await progress(plane, leg, 'ended');
    expect(leg.transfers).toMatchObject([{ extension: '2001' }]);
    await plane.post('/admin/global-stop/resume', asAdmin, {});
    await plane.plane[Symbol.asyncDispose]();
    await test.asSuperuser(`update organizations set overload_choice = 'refuse', overload_destination = null`);
    expect(await test.asSuperuser(`select outcome from calls where reason like 'no agent takes calls%'`)).toEqual([{ outcome: 'failed' }]);
  });

  it('calls that fail one after the other stop the appliance, tell the administrator, and it resumes once its probes pass', async () => {
    const alerts: AdminAlert[] = [];
    const notifier: Notifier = { channel: 'test', send: async (alert) => void alerts.push(alert) };
    const safety = { ...DEFAULT_SAFETY, stopAfterFailedCalls: 2, autoResume: true, notifiers: [notifier], probeEveryMs: 300 };
    const plane = await openTestPlane(test, { safety });
    const failure = { isRetryable: false, afterChunks: 0 };
    plane.textToSpeech.voice.failures.push(failure, failure);
    for (let count = 0; count < 2; count += 1) await progress(plane, plane.ring('1001'), 'ended');
    await expect
      .poll(async () => (await plane.get('/admin/global-stop')).body, { timeout: 10_000 })
      .toMatchObject({
        state: 'stopped',
        cause: 'failures',
        reason: '2 of the last 2 calls failed: text_to_speech',
      });
    await expect.poll(async () => (await plane.get('/admin/global-stop')).body['state'], { timeout: 20_000 }).toBe('running');
    await expect.poll(() => alerts.map(({ type }) => type), { timeout: 20_000 }).toEqual(['global_stop.begun', 'global_stop.ended']);
    const after = plane.ring('1001');
    await progress(plane, after, 'answered');
    const text = await plane.registry.metrics();
    expect(text).toContain('centralita_failures_total{component="text_to_speech",kind="call"} 2');
    expect(text).toContain('centralita_notifications_total{channel="test",outcome="sent"} 2');
    expect(text).toContain('centralita_breaker_state{component="text_to_speech"} 0');
    await plane.plane[Symbol.asyncDispose]();
    expect((await actions()).slice(-2)).toEqual(['global_stop.begun', 'global_stop.ended']);
    const failed = await test.asSuperuser(
      `select org_id, action, details from audit_entries where actor_name = 'failure-policy' order by action`,
    );
    const details = { component: 'text_to_speech', afterMs: expect.any(Number) as number };
    const transitions = ['call.apology_begun', 'call.closed_after_failure', 'call.hand_over_begun'];
    expect(failed.map(({ action }) => action)).toEqual(transitions.flatMap((action) => [action, action]));
    expect(new Set(failed.map(({ org_id: organizationId }) => organizationId))).toEqual(new Set([DEMO]));
    expect(failed[2]).toMatchObject({ action: 'call.closed_after_failure', details: { ...details, from: 'handing_over' } });
  });

  it('a breaker that opens and closes is in the audit log and in the alerts', async () => {
    const alerts: AdminAlert[] = [];
    const notifier: Notifier = { channel: 'test', send: async (alert) => void alerts.push(alert) };
    const plane = await openTestPlane(test, { safety: { ...DEFAULT_SAFETY, stopAfterFailedCalls: 0, notifiers: [notifier] } });
    const failure = { isRetryable: false, afterChunks: 0 };
    plane.textToSpeech.voice.failures.push(...Array.from({ length: 5 }, () => failure));
    for (let count = 0; count < 5; count += 1) await progress(plane, plane.ring('1001'), 'ended');
    const entries = () => test.asSuperuser(`select action, org_id from audit_entries where resource = 'text_to_speech' order by seq`);
    await expect.poll(entries, { timeout: 10_000 }).toEqual([{ action: 'breaker.opened', org_id: DEMO }]);
    await plane.clock.run(6_000);
    await progress(plane, plane.ring('1001'), 'answered');
    await plane.clock.run(6_000);
    await expect.poll(entries, { timeout: 10_000 }).toHaveLength(2);
    await expect.poll(() => alerts.map(({ type }) => type), { timeout: 20_000 }).toEqual(['breaker.opened', 'breaker.closed']);
    await plane.plane[Symbol.asyncDispose]();
  });
});
