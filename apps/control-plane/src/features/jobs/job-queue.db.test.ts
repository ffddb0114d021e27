import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sql } from 'drizzle-orm';
import { organizations } from '#db/schema/organizations.ts';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { systemClock } from '#shared/clock.ts';
import { newId } from '#shared/id.ts';
import { silentLog } from '#shared/log.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import type { AttemptOutcome } from './job-metrics.ts';
import type { ClaimedJob, JobHandler, JobQueueStore } from './job-queue-store.ts';
import { createJobQueueStore, enqueueJobs, FinalJobError } from './job-queue-store.ts';
import type { JobWorkerLimits } from './job-worker.ts';
import { openJobWorker } from './job-worker.ts';

const appliance = mintApplianceScope();
const KIND = 'call_outcome';
const claimOptions = { kinds: [KIND], limit: 10, leaseMs: 60_000 } as const;
const limits: JobWorkerLimits = { atOnce: 3, leaseMs: 60_000, pollMs: 50, drainMs: 2_000 };

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('the job queue on $kind', (kind) => {
  let test: TestDatabase;
  let queue: JobQueueStore;
  let scope: OrgScope;
  let outcomes: AttemptOutcome[] = [];
  const opened: AsyncDisposable[] = [];

  beforeAll(async () => {
    test = await kind.open();
    queue = createJobQueueStore(test.database);
    scope = mintOrgScope(newId('organization'));
    await test.database.inAppliance(appliance, (queries) =>
      queries.insert(organizations).values({ id: scope.organizationId, name: 'Organization', slug: 'jobs' }),
    );
    await test.asSuperuser('create table effects (job text not null, attempt int not null)');
    await test.asSuperuser('grant select, insert on effects to centralita_app');
  });
  beforeEach(async () => {
    outcomes = [];
    await test.asSuperuser('delete from jobs');
    await test.asSuperuser('delete from effects');
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((worker) => worker[Symbol.asyncDispose]()));
  });
  afterAll(() => test[Symbol.asyncDispose]());

  const leave = (...keys: string[]) =>
    test.database.inOrg(scope, (queries) =>
      enqueueJobs(
        queries,
        keys.map((key) => ({ organizationId: scope.organizationId, kind: KIND, key, payload: { key } })),
      ),
    );
  const rows = () => test.asSuperuser('select key, state, attempts, last_error from jobs order by key');
  const effects = () => test.asSuperuser('select job, attempt from effects order by job, attempt');
  const write = (job: ClaimedJob) => async (queries: Parameters<Parameters<typeof queue.finish>[1]>[0]) => {
    await queries.execute(sql`insert into effects (job, attempt) values (${job.key}, ${job.attempt})`);
  };
  const handler = (run: JobHandler['run'] = async (job) => write(job), timeoutMs = 10_000): JobHandler => ({ kind: KIND, timeoutMs, run });
  const work = (handlers: JobHandler, changes: Partial<JobWorkerLimits> = {}) => {
    const worker = openJobWorker({
      database: test.database,
      queue,
      handlers: [handlers],
      observe: { depth: () => {}, ended: ({ outcome }) => void outcomes.push(outcome) },
      clock: systemClock,
      log: silentLog,
      limits: { ...limits, ...changes },
    });
    opened.push(worker);
    return worker;
  };
  async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
    for (let tries = 0; tries < 400; tries += 1) {
      if (await holds()) return;
      await sleep(25);
    }
    throw new Error(`after 10 s still not: ${what}; ${JSON.stringify(await rows())}`);
  }
  const allAre = (state: string) => async () => (await rows()).every((row) => row['state'] === state);
  const dueNow = () => test.asSuperuser("update jobs set next_attempt_at = now() where state = 'ready'");

  it('keeps one job of a kind and key, however often it is left', async () => {
    await leave('a');
    await leave('a', 'b');
    expect(await rows()).toMatchObject([{ key: 'a', state: 'ready' }, { key: 'b' }]);
  });

  it('keeps nothing of a transaction that is rolled back', async () => {
    const broken = test.database.inOrg(scope, async (queries) => {
      await enqueueJobs(queries, [{ organizationId: scope.organizationId, kind: KIND, key: 'a', payload: {} }]);
      throw new Error('after all not');
    });
    await expect(broken).rejects.toThrow('after all not');
    expect(await rows()).toEqual([]);
  });

  it('does every job once, with two workers that ask at the same time', async () => {
    const keys = Array.from({ length: 60 }, (_, index) => `job-${String(index).padStart(2, '0')}`);
    let atOnce = 0;
    const held = new Set<string>();
    const slow = handler(async (job) => {
      expect(held.has(job.key)).toBe(false);
      held.add(job.key);
      atOnce = Math.max(atOnce, held.size);
      await sleep(5);
      held.delete(job.key);
      return write(job);
    });
    work(slow);
    work(slow);
    await leave(...keys);
    await until('all are done', allAre('done'));
    expect(await effects()).toEqual(keys.map((job) => ({ job, attempt: 1 })));
    expect(atOnce).toBeLessThanOrEqual(2 * limits.atOnce);
  });

  it('gives the rows of one claim to nobody else, when twenty claim at once', async () => {
    await leave(...Array.from({ length: 50 }, (_, index) => `job-${index}`));
    const claims = await Promise.all(Array.from({ length: 20 }, () => queue.claim(appliance, { ...claimOptions, limit: 5 })));
    const claimed = claims.flat().map(({ jobId }) => jobId);
    expect(new Set(claimed).size).toBe(claimed.length);
    for (const each of claims) expect(each.length).toBeLessThanOrEqual(5);
    expect(await rows()).toHaveLength(50);
    expect((await rows()).filter(({ state }) => state === 'running')).toHaveLength(claimed.length);
  });

  describe('with several organizations', () => {
    const others = [mintOrgScope(newId('organization')), mintOrgScope(newId('organization'))];
    const fill = (of: OrgScope, jobs: number) =>
      test.asSuperuser(`insert into jobs (org_id, id, kind, key, payload, max_attempts, next_attempt_at)
        select '${of.organizationId}', 'job_${of.organizationId}_' || n, '${KIND}', 'k' || n, '{}', 10, now() - n * interval '1 second'
        from generate_series(1, ${jobs}) n`);
    const claimOne = async () => (await queue.claim(appliance, { ...claimOptions, limit: 1 }))[0];
    beforeAll(async () => {
      await test.database.inAppliance(appliance, (queries) =>
        queries
          .insert(organizations)
          .values(others.map(({ organizationId }, index) => ({ id: organizationId, name: 'Other', slug: `other-${index}` }))),
      );
    });

    it('does the job of one while another one has 10,000 that are due for longer', async () => {
      await fill(others[0]!, 10_000);
      await leave('a');
      const claimed = [await claimOne(), await claimOne(), await claimOne(), await claimOne()];
      const ofSmall = claimed.findIndex((job) => job?.key === 'a');
      expect(ofSmall).toBeGreaterThanOrEqual(0);
      expect(ofSmall).toBeLessThanOrEqual(1);
      // The rest is the other one's, the longest due first.
      expect(claimed.filter((job) => job?.key !== 'a').map((job) => job?.key)).toEqual(['k10000', 'k9999', 'k9998']);
    });

    it('shares one claim among all, by what each has under way', async () => {
      await fill(others[0]!, 100);
      await fill(others[1]!, 2);
      await leave('a');
      const took = async (limit: number) => {
        const jobs = await queue.claim(appliance, { ...claimOptions, limit });
        return [scope, ...others].map((of) => jobs.filter((job) => job.scope.organizationId === of.organizationId).length);
      };
      expect(await took(3)).toEqual([1, 1, 1]);
      expect(await took(2)).toEqual([0, 1, 1]);
      expect(await took(5)).toEqual([0, 5, 0]);
    });
  });

  it('hears of a job at its commit, long before it would look again', async () => {
    work(handler(), { pollMs: 60_000 });
    await sleep(300);
    await leave('a');
    await until('it is done', allAre('done'));
    expect(await effects()).toEqual([{ job: 'a', attempt: 1 }]);
  });

  it('runs a job again whose worker died in the middle of it, and what it leads to is there once', async () => {
    await leave('a');
    const [dead] = await queue.claim(appliance, { ...claimOptions, leaseMs: 50 });
    await sleep(60);
    work(handler());
    await until('it is done', allAre('done'));
    expect(await effects()).toEqual([{ job: 'a', attempt: 2 }]);
    // The dead one was only slow: it comes too late.
    expect(await queue.finish(dead!, write(dead!))).toBe(false);
    expect(await queue.extend(appliance, dead!, 1_000)).toBe(false);
    expect(await queue.fail(appliance, dead!, { error: 'late', retryInMs: 0 })).toBe('lost');
    expect(await effects()).toEqual([{ job: 'a', attempt: 2 }]);
    expect(await rows()).toMatchObject([{ state: 'done', attempts: 2 }]);
  });

  it('keeps the lease of a job that takes longer than a lease', async () => {
    await leave('a');
    const long = handler(async (job) => {
      await sleep(900);
      return write(job);
    });
    work(long, { leaseMs: 300 });
    work(long, { leaseMs: 300 });
    await until('it is done', allAre('done'));
    expect(await effects()).toEqual([{ job: 'a', attempt: 1 }]);
  });

  it('tries a failed job again later, and gives it up with its reason after the last attempt', async () => {
    await leave('a');
    await test.asSuperuser('update jobs set max_attempts = 3');
    work(
      handler(async () => {
        throw new Error('the model is away', { cause: new Error('connect refused') });
      }),
    );
    await until('the first attempt failed', async () => (await rows())[0]?.['last_error'] !== null);
    expect(await rows()).toMatchObject([{ state: 'ready', attempts: 1, last_error: 'the model is away: connect refused' }]);
    const [wait] = await test.asSuperuser('select next_attempt_at > now() as later from jobs');
    expect(wait).toEqual({ later: true });
    await until('it is given up', async () => {
      await dueNow();
      return (await rows())[0]?.['state'] === 'dead';
    });
    expect(await rows()).toMatchObject([{ attempts: 3, last_error: 'the model is away: connect refused' }]);
    expect(outcomes).toEqual(['failed', 'failed', 'dead']);
  });

  it('gives a job up at once when trying again is of no use, and one that takes too long after its attempts', async () => {
    await leave('a', 'b');
    await test.asSuperuser('update jobs set max_attempts = 1');
    work(
      handler(async (job) => {
        if (job.key === 'a') throw new FinalJobError('there is no such thing');
        await sleep(60_000, undefined, { ref: false });
        return write(job);
      }, 100),
    );
    await until('both are given up', allAre('dead'));
    expect(await rows()).toMatchObject([
      { last_error: 'there is no such thing' },
      { last_error: expect.stringContaining('timeout') as string },
    ]);
    expect(await effects()).toEqual([]);
  });

  it('gives up a job that takes its process down at every attempt', async () => {
    await leave('a');
    await test.asSuperuser('update jobs set max_attempts = 2');
    for (const expected of [
      { returned: 1, dead: 0 },
      { returned: 0, dead: 1 },
    ]) {
      expect(await queue.claim(appliance, { ...claimOptions, leaseMs: 1 })).toHaveLength(1);
      await sleep(20);
      expect(await queue.reap(appliance)).toEqual(expected);
    }
    expect(await rows()).toMatchObject([{ state: 'dead', last_error: expect.stringContaining('attempt 2 went away') as string }]);
  });

  it('lets what runs come to its end at a stop, and takes nothing new', async () => {
    await leave('a', 'b');
    const worker = work(
      handler(async (job) => {
        await sleep(200);
        return write(job);
      }),
      { atOnce: 1 },
    );
    await until('one is running', async () => (await rows()).some(({ state }) => state === 'running'));
    await worker[Symbol.asyncDispose]();
    expect(new Set((await rows()).map(({ state }) => state))).toEqual(new Set(['done', 'ready']));
  });

  it('puts back what does not end in time at a stop, for another worker to take at once', async () => {
    await leave('a');
    const worker = work(
      handler((_job, { signal }) => sleep(60_000, undefined, { signal }).then(() => async () => {})),
      { drainMs: 50 },
    );
    await until('it is running', allAre('running'));
    await worker[Symbol.asyncDispose]();
    expect(await rows()).toMatchObject([{ state: 'ready', last_error: null }]);
    expect(outcomes).toEqual(['released']);
    work(handler());
    await until('it is done', allAre('done'));
    expect(await effects()).toEqual([{ job: 'a', attempt: 2 }]);
  });

  it('writes nothing of a job whose write fails, and tries it again', async () => {
    await leave('a');
    let broken = true;
    work(
      handler(async (job) => async (queries) => {
        await write(job)(queries);
        if (broken) throw new Error('half-way');
      }),
    );
    await until('it failed', async () => (await rows())[0]?.['last_error'] === 'half-way');
    expect(await effects()).toEqual([]);
    broken = false;
    await dueNow();
    await until('it is done', allAre('done'));
    expect(await effects()).toEqual([{ job: 'a', attempt: 2 }]);
  });

  it('says how much waits and for how long', async () => {
    await leave('a', 'b', 'c');
    await test.asSuperuser("update jobs set next_attempt_at = now() - interval '10 seconds' where key = 'a'");
    const depth = await queue.depth(appliance);
    expect(depth).toMatchObject({ ready: 3, running: 0, dead: 0 });
    expect(depth.oldestDueMs).toBeGreaterThan(9_900);
    const [first] = await queue.claim(appliance, { ...claimOptions, limit: 1 });
    expect(first).toMatchObject({ key: 'a', attempt: 1, payload: { key: 'a' }, scope: { organizationId: scope.organizationId } });
    await queue.fail(appliance, first!, { error: 'x', retryInMs: null });
    expect(await queue.depth(appliance)).toMatchObject({ ready: 2, running: 0, dead: 1 });
  });
});
