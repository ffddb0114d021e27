import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { silentLog } from '#shared/log.ts';
import { createJobRunStore } from './job-run-store.ts';
import type { JobScheduler, ScheduledJob } from './scheduled-jobs.ts';
import { openJobScheduler } from './scheduled-jobs.ts';

const at = (minute: number) => new Date(Date.UTC(2026, 10, 21, 10, minute));
/** A schedule that never comes up while a test runs. */
const NEVER = '0 0 29 2 *';

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('scheduled jobs on $kind', (kind) => {
  let test: TestDatabase;
  let open: JobScheduler[] = [];
  beforeAll(async () => {
    test = await kind.open();
  });
  afterEach(async () => {
    for (const scheduler of open) await scheduler[Symbol.asyncDispose]();
    open = [];
    await test.asSuperuser('delete from job_runs');
  });
  afterAll(() => test[Symbol.asyncDispose]());

  const openWith = (run: ScheduledJob['run'], schedule = NEVER) => {
    const scheduler = openJobScheduler({
      jobs: [{ name: 'sweep', schedule, run }],
      runs: createJobRunStore(test.database),
      log: silentLog,
    });
    open.push(scheduler);
    return scheduler;
  };
  const rows = () => test.asSuperuser('select name, error, ended_at is not null as ended from job_runs order by due_at');

  it('run once per due time, whichever of several servers is first', async () => {
    const ran: string[] = [];
    const servers = Array.from({ length: 200 }, (_, index) => openWith(async () => void ran.push(`server ${index}`)));
    const outcomes = await Promise.all(servers.map((server) => server.runDue('sweep', at(0))));
    expect(ran).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'succeeded')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'taken')).toHaveLength(199);
    expect(await servers[0]!.runDue('sweep', at(1))).toBe('succeeded');
    expect(await rows()).toEqual([
      { name: 'sweep', error: null, ended: true },
      { name: 'sweep', error: null, ended: true },
    ]);
  });

  it('that fail leave their error with the run, and the next due time tries again', async () => {
    let isBroken = true;
    const scheduler = openWith(async () => {
      if (isBroken) throw new Error('the sweep broke', { cause: new Error('no disk') });
    });
    expect(await scheduler.runDue('sweep', at(0))).toBe('failed');
    isBroken = false;
    expect(await scheduler.runDue('sweep', at(1))).toBe('succeeded');
    expect(await rows()).toMatchObject([{ error: 'the sweep broke: no disk', ended: true }, { error: null }]);
  });

  it('never run twice at once in one process', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const scheduler = openWith(() => promise);
    const first = scheduler.runDue('sweep', at(0));
    expect(await scheduler.runDue('sweep', at(1))).toBe('still_running');
    resolve();
    expect(await first).toBe('succeeded');
    expect(await scheduler.runDue('sweep', at(2))).toBe('succeeded');
  });

  it('are told to stop and waited for when the process stops, and then start no more', async () => {
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    let hasEnded = false;
    const scheduler = openWith(async ({ signal }) => {
      begin();
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      hasEnded = true;
    });
    const run = scheduler.runDue('sweep', at(0));
    await begun;
    await scheduler[Symbol.asyncDispose]();
    expect(hasEnded).toBe(true);
    expect(await run).toBe('succeeded');
    expect(await scheduler.runDue('sweep', at(1))).toBe('stopping');
  });

  it('run by the clock, at due times that are whole seconds and the same for two servers', async () => {
    const dueAt: number[] = [];
    const run: ScheduledJob['run'] = async (due) => void dueAt.push(due.at.getTime());
    // Six fields: every second.
    openWith(run, '* * * * * *');
    openWith(run, '* * * * * *');
    await expect.poll(() => dueAt.length, { timeout: 15_000 }).toBeGreaterThanOrEqual(3);
    expect(new Set(dueAt).size).toBe(dueAt.length);
    expect(dueAt.filter((ms) => ms % 1_000 !== 0)).toEqual([]);
  });

  it('are forgotten after their time', async () => {
    const store = createJobRunStore(test.database);
    const scope = mintApplianceScope();
    for (const minute of [0, 1, 2]) await store.claim(scope, { name: 'sweep', dueAt: at(minute) });
    expect(await store.removeBefore(scope, at(2))).toBe(2);
    expect(await store.claim(scope, { name: 'sweep', dueAt: at(2) })).toBe(false);
  });
});
