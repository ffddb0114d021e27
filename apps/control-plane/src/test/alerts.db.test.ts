import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import type { AdminAlert, Notifier } from '#ports/notifier.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { systemClock } from '#shared/clock.ts';
import { silentLog } from '#shared/log.ts';
import { retryDelayMs } from '#features/jobs/job-backoff.ts';
import type { AlertDesk } from '#features/appliance/alert-desk.ts';
import { openAlertDesk } from '#features/appliance/alert-desk.ts';
import type { AlertStore } from '#features/appliance/alert-store.ts';
import { createAlertStore } from '#features/appliance/alert-store.ts';

const scope = mintApplianceScope();
const raised = { type: 'global_stop.begun', severity: 'critical', summary: 'Stopped.', details: { revision: 1 } } as const;

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('alerts on $kind', (kind) => {
  let test: TestDatabase;
  let store: AlertStore;
  const desks: AlertDesk[] = [];
  beforeAll(async () => {
    test = await kind.open();
    store = createAlertStore(test.database);
  });
  afterEach(async () => {
    for (const desk of desks.splice(0)) await desk[Symbol.asyncDispose]();
  });
  afterAll(() => test[Symbol.asyncDispose]());

  /** A channel that fails as often as it is told. */
  function openChannel(channel: string, failures = 0) {
    const sent: AdminAlert[] = [];
    let left = failures;
    const notifier: Notifier = {
      channel,
      async send(alert) {
        if (left-- > 0) throw new Error('receiver down');
        sent.push(alert);
      },
    };
    return { notifier, sent };
  }
  function openDesk(notifiers: readonly Notifier[], from: AlertStore = store) {
    const outcomes: string[] = [];
    const observe = (channel: string, outcome: string): void => void outcomes.push(`${channel} ${outcome}`);
    const options = {
      store: from,
      notifiers,
      server: 'box-1',
      repeatAfterMs: 600_000,
      retryDelayMs,
      observe,
      clock: systemClock,
      log: silentLog,
    };
    const desk = openAlertDesk(options);
    desks.push(desk);
    return { desk, outcomes };
  }

  it('arrive on every channel, once, however many servers see the same thing', async () => {
    const channels = [openChannel('webhook'), openChannel('email')];
    const notifiers = channels.map(({ notifier }) => notifier);
    const [first, second] = [openDesk(notifiers), openDesk(notifiers)];
    for (const { desk } of [first, second, first]) desk.raise({ ...raised, key: 'global_stop 1' });
    await expect.poll(() => channels.map(({ sent }) => sent.length), { timeout: 10_000 }).toEqual([1, 1]);
    expect(channels[0]?.sent[0]).toMatchObject({ ...raised, server: 'box-1' });
    expect(channels[0]?.sent[0]?.alertId).toBe(channels[1]?.sent[0]?.alertId);
    first.desk.raise({ ...raised, key: 'global_stop 2' });
    await expect.poll(() => channels.map(({ sent }) => sent.length), { timeout: 10_000 }).toEqual([2, 2]);
  });

  it('are tried again when they do not arrive, by whichever server is up', async () => {
    const broken = openChannel('webhook', 1);
    const { desk, outcomes } = openDesk([broken.notifier]);
    desk.raise({ ...raised, key: 'again' });
    await expect.poll(() => outcomes, { timeout: 10_000 }).toEqual(['webhook failed']);
    const [row] = await test.asSuperuser(`select state, attempts, last_error from admin_alerts where key = 'again'`);
    expect(row).toEqual({ state: 'waiting', attempts: 1, last_error: 'receiver down' });
    await desk[Symbol.asyncDispose]();
    await test.asSuperuser(`update admin_alerts set next_attempt_at = now() where key = 'again'`);
    openDesk([broken.notifier]);
    await expect.poll(() => broken.sent.length, { timeout: 10_000 }).toBe(1);
  });

  it('are given up after the last try, with the reason', async () => {
    const { notifier } = openChannel('webhook', 100);
    const { desk, outcomes } = openDesk([notifier]);
    desk.raise({ ...raised, key: 'hopeless' });
    await expect.poll(() => outcomes, { timeout: 10_000 }).toHaveLength(1);
    await desk[Symbol.asyncDispose]();
    await test.asSuperuser(`update admin_alerts set next_attempt_at = now(), attempts = 9 where key = 'hopeless'`);
    const last = openDesk([notifier]);
    await expect.poll(() => last.outcomes, { timeout: 10_000 }).toEqual(['webhook dead']);
    const [row] = await test.asSuperuser(`select state, last_error from admin_alerts where key = 'hopeless'`);
    expect(row).toEqual({ state: 'dead', last_error: 'receiver down' });
  });

  it('of a channel that was taken away do not keep those of others from being sent', async () => {
    const leave = (key: string, channel: string) =>
      store.leave(scope, {
        key,
        repeatAfterMs: 60_000,
        channels: [channel],
        alert: { ...raised, alertId: `alert_${key}`, at: new Date(), server: 'box-1' },
      });
    for (let index = 0; index < 3; index += 1) await leave(`old${index}`, 'taken-away');
    await leave('new', 'still-there');
    const claimed = await store.claim(scope, { channels: ['still-there'], limit: 3, leaseMs: 60_000 });
    expect(claimed.map(({ alert }) => alert.alertId)).toEqual(['alert_new']);
  });

  it('are sent at once while the database is away', async () => {
    const away = async () => {
      throw new Error('away');
    };
    const { notifier, sent } = openChannel('webhook', 1);
    const store_ = { leave: away, claim: away, sent: away, failed: away, removeBefore: away };
    const { desk, outcomes } = openDesk([notifier], store_);
    desk.raise({ ...raised, key: 'database' });
    desk.raise({ ...raised, key: 'database' });
    await expect.poll(() => outcomes, { timeout: 10_000 }).toEqual(['webhook failed', 'webhook sent']);
    expect(sent).toHaveLength(1);
  });

  it('are told again after their time, and forgotten in the end', async () => {
    const wanted = { key: 'soon', repeatAfterMs: 60_000, channels: ['log'] };
    const alertOf = (alertId: string): AdminAlert => ({ ...raised, alertId, at: new Date(), server: 'box-1' });
    expect(await store.leave(scope, { ...wanted, alert: alertOf('alert_a') })).toBe(true);
    expect(await store.leave(scope, { ...wanted, alert: alertOf('alert_b') })).toBe(false);
    await test.asSuperuser(`update admin_alerts set created_at = now() - interval '2 minutes' where key = 'soon'`);
    expect(await store.leave(scope, { ...wanted, alert: alertOf('alert_c') })).toBe(true);
    await store.removeBefore(scope, new Date(Date.now() - 60_000));
    expect(await test.asSuperuser(`select id from admin_alerts where key = 'soon'`)).toEqual([{ id: 'alert_c' }]);
  });
});
