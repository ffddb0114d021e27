import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import { openAccessChanges } from '#features/access/access-changes.ts';
import { createAuditTrail } from '#features/access/audit-store.ts';
import type { Actor } from '#shared/actor.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { systemClock } from '#shared/clock.ts';
import { silentLog } from '#shared/log.ts';
import { openSecretKeys } from '#shared/secret-keys.ts';
import type { GlobalStop } from '#features/appliance/global-stop.ts';
import { openGlobalStop } from '#features/appliance/global-stop.ts';
import { createGlobalStopStore, GLOBAL_STOP_CHANGES } from '#features/appliance/global-stop-store.ts';
import type { StopState } from '#features/appliance/global-stop-store.ts';

const scope = mintApplianceScope();
const admin: Actor = { kind: 'admin', name: 'admin', address: '10.0.0.1', requestId: 'req_1' };
const job: Actor = { kind: 'job', name: 'failure-watch', address: null, requestId: null };

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('the global stop on $kind', (kind) => {
  let test: TestDatabase;
  const opened: GlobalStop[] = [];
  const audit = createAuditTrail({ keys: openSecretKeys({ 1: '5e'.repeat(32) }), clock: systemClock });
  beforeAll(async () => {
    test = await kind.open();
  });
  afterAll(async () => {
    for (const stop of opened) await stop[Symbol.asyncDispose]();
    await test[Symbol.asyncDispose]();
  });

  /** One server's view of it. */
  async function openServer(deaf = false): Promise<GlobalStop> {
    const { database } = test;
    const store = createGlobalStopStore({ database, audit, clock: systemClock });
    // A server whose notifications are lost.
    const openChanges = (observe: () => void) =>
      deaf
        ? { [Symbol.asyncDispose]: async () => {} }
        : openAccessChanges({ database, log: silentLog, channel: GLOBAL_STOP_CHANGES, observe });
    const stop = await openGlobalStop({ store, openChanges, clock: systemClock, log: silentLog });
    opened.push(stop);
    return stop;
  }
  const auditActions = async () =>
    (await test.asSuperuser(`select action, actor_name, details from audit_entries where resource = 'appliance' order by seq`)).map(
      ({ action, actor_name: name, details }) => `${String(action)} ${String(name)} ${String((details as { cause: string }).cause)}`,
    );

  it('holds on every server within 2 seconds, also on one that hears no notification, and is written down once', async () => {
    const [here, there, deaf] = [await openServer(), await openServer(), await openServer(true)];
    expect([here, there, deaf].map((stop) => stop.isStopped())).toEqual([false, false, false]);
    const states: StopState[] = [];
    there.listen((state) => void states.push(state));
    const atMs = performance.now();
    const wish = { state: 'stopped', cause: 'admin', reason: 'fire drill' } as const;
    expect(await here.change({ scope, actor: admin }, wish)).toMatchObject({ changed: true, revision: 1 });
    expect(here.isStopped()).toBe(true);
    while (!(there.isStopped() && deaf.isStopped()) && performance.now() - atMs < 5_000) await sleep(20);
    expect([there.isStopped(), deaf.isStopped()]).toEqual([true, true]);
    expect(performance.now() - atMs).toBeLessThan(2_000);
    expect(await there.change({ scope, actor: admin }, wish)).toMatchObject({ changed: false, revision: 1 });
    expect(states.map(({ state, reason }) => [state, reason])).toEqual([
      ['running', ''],
      ['stopped', 'fire drill'],
    ]);
    expect(await auditActions()).toEqual(['global_stop.begun admin admin']);
  });

  it('is still stopped for a server that starts, until somebody resumes', async () => {
    const started = await openServer();
    expect(started.isStopped()).toBe(true);
    expect(started.current()).toMatchObject({ reason: 'fire drill', cause: 'admin' });
    const resumed = await started.change({ scope, actor: admin }, { state: 'running', cause: 'admin', reason: 'over' });
    expect(resumed).toMatchObject({ changed: true, state: 'running' });
    expect(started.isStopped()).toBe(false);
  });

  it("becomes a person's when a person stops what failures stopped, and probes then resume nothing", async () => {
    const stop = await openServer();
    const own = await stop.change({ scope, actor: job }, { state: 'stopped', cause: 'failures', reason: '5 of 5' });
    await stop.change({ scope, actor: admin }, { state: 'stopped', cause: 'admin', reason: 'leave it' });
    const probes = { state: 'running', cause: 'probes', reason: 'well', ifRevision: own.revision } as const;
    expect(await stop.change({ scope, actor: job }, probes)).toMatchObject({ changed: false, state: 'stopped', cause: 'admin' });
    await stop.change({ scope, actor: admin }, { state: 'running', cause: 'admin', reason: 'over' });
    expect(await auditActions()).toEqual([
      'global_stop.begun admin admin',
      'global_stop.ended admin admin',
      'global_stop.begun failure-watch failures',
      'global_stop.begun admin admin',
      'global_stop.ended admin admin',
    ]);
  });

  it('takes no call before the database was heard once', async () => {
    const away = async () => {
      throw new Error('away');
    };
    const store = { read: away, change: away };
    const openChanges = () => ({ [Symbol.asyncDispose]: async () => {} });
    const stop = await openGlobalStop({ store, openChanges, clock: systemClock, log: silentLog });
    opened.push(stop);
    expect([stop.isStopped(), stop.current()]).toEqual([true, null]);
  });
});
