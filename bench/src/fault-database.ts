/** Faults of PostgreSQL: killed, away, full of waiting, cut off, hanging. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fault, must } from './fault.ts';
import type { Fault } from './fault.ts';
import { converse, endedAs, greeted, press, turnsWhole } from './fault-talk.ts';

const journal = /journal cannot write|journal writes again/;
const depth = /^centralita_db_failures_total/;
const slowly = (ms: string): RegExp => new RegExp(`"tookMs":${ms},.*"msg":"a transaction took long"`);

const gone: Fault[] = [
  fault({
    name: 'database-killed-mid-call',
    row: 13,
    fault: 'PostgreSQL dies in a call',
    injection: 'SIGKILL of the server in the middle of a conversation, started again after two turns',
    expected: 'the call goes on from memory, its turns wait on the disk and none is lost',
    metric: depth,
    cause: journal,
    async inject(world, trial) {
      const call = await greeted(world, trial, 'keys');
      await press(call, '1');
      await world.rig.killPostgres();
      await press(call, '2');
      await press(call, '3');
      await world.rig.startPostgres();
      return call;
    },
    async expect(_world, trial, call) {
      await press(call, '4');
      await call.hangUp();
      await endedAs(trial, 'caller_hung_up');
      await turnsWhole(trial, 4);
    },
    repair: async (world) => void (await world.sql('select 1').catch(() => world.rig.startPostgres())),
  }),
  fault({
    name: 'database-away-for-a-whole-call',
    row: 14,
    fault: 'PostgreSQL is away while a call ends',
    injection: 'SIGKILL of the server, the caller speaks and hangs up, 8 s, started again',
    expected: 'the end of the call and all of its turns are written when it is back',
    metric: depth,
    cause: journal,
    async inject(world, trial) {
      const call = await greeted(world, trial, 'keys');
      await world.rig.killPostgres();
      await press(call, '1');
      await press(call, '2');
      await call.hangUp();
      await trial.until('not ready because of the database', async () => {
        const { status, text } = await world.ask('/health/ready');
        return status === 503 && text.includes('database');
      });
      const refusal = await world.asAdmin('/admin/calls');
      must(refusal.status === 503, `the API answered ${refusal.status} without a database`);
      must(refusal.headers.has('retry-after'), 'the refusal does not say when to try again');
      await sleep(4_000);
      await world.rig.startPostgres();
    },
    async expect(_world, trial) {
      await endedAs(trial, 'caller_hung_up');
      await turnsWhole(trial, 2);
    },
    repair: async (world) => void (await world.sql('select 1').catch(() => world.rig.startPostgres())),
  }),
  fault({
    name: 'database-killed-with-the-control-plane',
    row: 13,
    fault: 'both die, with turns that only the local disk has',
    injection: 'SIGKILL of PostgreSQL, two turns, SIGKILL of the control plane, both started again',
    expected: 'what was said stands in the journal in order; the call goes on',
    metric: /^centralita_calls_readopted_total/,
    cause: /events that an earlier process left are written|calls of the last process were found/,
    limitMs: 90_000,
    replacesControlPlane: true,
    async inject(world, trial) {
      const call = await greeted(world, trial, 'keys');
      await trial.until('the call is in the journal', async () => (await trial.calls()).length > 0);
      await world.rig.killPostgres();
      await press(call, '1');
      await press(call, '2');
      await world.rig.controlPlane.stop('SIGKILL', 1_000);
      await world.rig.startPostgres();
      await world.rig.startControlPlane();
      return call;
    },
    async expect(_world, trial, call) {
      await sleep(3_000);
      await press(call, '3');
      await call.hangUp();
      await endedAs(trial, 'caller_hung_up');
      await turnsWhole(trial, 3);
    },
    repair: async (world) => void (await world.sql('select 1').catch(() => world.rig.startPostgres())),
  }),
];

const slow: Fault[] = [
  fault({
    name: 'database-connections-cut',
    row: 13,
    fault: 'every connection to PostgreSQL is cut',
    injection: 'pg_terminate_backend for all of the control plane’s sessions in a call',
    expected: 'opened again by themselves, the call and its turns are whole',
    metric: /^centralita_db_connections_lost_total/,
    cause: /terminating connection due to administrator command/,
    async inject(world, trial) {
      const call = await greeted(world, trial, 'keys');
      await world.sql("select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = 'centralita_app';");
      await press(call, '1');
      return call;
    },
    async expect(world, trial, call) {
      await press(call, '2');
      await call.hangUp();
      await endedAs(trial, 'caller_hung_up');
      await turnsWhole(trial, 2);
      await trial.until('the API reads again', async () => (await world.asAdmin('/admin/calls')).status === 200);
    },
  }),
  fault({
    name: 'database-locked',
    row: 15,
    fault: 'statements wait and fill the pool',
    injection: 'the tables of calls and turns locked for 6 s in a call, 40 requests that read them',
    expected: 'the call goes on; requests are answered or refused as problems; nothing is lost',
    metric: { series: /^centralita_db_pool_in_use/, atLeast: 15 },
    // Requests that waited for the lock; those that nothing holds up take milliseconds.
    cause: /"path":"\/admin\/calls","status":(200|503),"durationMs":([3-9]\d{3}|\d{5}),"msg":"request"/,
    async inject(world, trial) {
      const call = await greeted(world, trial, 'keys');
      const locked = world.sql('begin; lock table calls, turns in access exclusive mode; select pg_sleep(6); commit;');
      await sleep(300);
      const asked = Array.from({ length: 40 }, () => world.asAdmin('/admin/calls'));
      await press(call, '1');
      const health = await world.ask('/health');
      must(health.status === 200, `/health answered ${health.status} while the tables were locked`);
      const statuses = (await Promise.all(asked)).map(({ status }) => status);
      await locked;
      return { call, statuses };
    },
    async expect(_world, trial, { call, statuses }) {
      must(
        statuses.every((status) => [200, 429, 503].includes(status)),
        `answered ${[...new Set(statuses)].join(', ')}`,
      );
      await press(call, '2');
      await call.hangUp();
      await endedAs(trial, 'caller_hung_up');
      await turnsWhole(trial, 2);
    },
  }),
  fault({
    name: 'database-takes-no-connection',
    row: 15,
    fault: 'the server’s connections are used up',
    injection: 'no connection more for our role, and those that are open ended, for 4 s in a call',
    expected: 'the call goes on; the API refuses with 503; all is written afterwards',
    metric: depth,
    cause: /too many connections|journal cannot write/,
    async inject(world, trial) {
      const call = await greeted(world, trial, 'keys');
      await world.sql(
        "alter role centralita_app connection limit 0; select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = 'centralita_app';",
      );
      await press(call, '1');
      const { status } = await world.asAdmin('/admin/calls');
      await sleep(3_000);
      await world.sql('alter role centralita_app connection limit -1;');
      return { call, status };
    },
    async expect(_world, trial, { call, status }) {
      must(status === 503, `the API answered ${status}`);
      await press(call, '2');
      await call.hangUp();
      await endedAs(trial, 'caller_hung_up');
      await turnsWhole(trial, 2);
    },
    repair: async (world) => void (await world.sql('alter role centralita_app connection limit -1;')),
  }),
  fault({
    name: 'database-does-not-answer',
    row: 14,
    fault: 'the network to PostgreSQL takes everything and gives nothing',
    injection: 'the wire frozen for 5 s in a call',
    expected: 'the call goes on; what waited is written once',
    metric: /^centralita_db_query_seconds_over\{le="2",/,
    cause: slowly('([2-9]\\d{3}|\\d{5})'),
    async inject(world, trial) {
      const call = await greeted(world, trial, 'keys');
      world.wires.database.freeze();
      await press(call, '1');
      await press(call, '2');
      await sleep(2_000);
      world.wires.database.thaw();
      return call;
    },
    async expect(_world, trial, call) {
      await press(call, '3');
      await call.hangUp();
      await endedAs(trial, 'caller_hung_up');
      await turnsWhole(trial, 3);
    },
  }),
  fault({
    name: 'database-slow',
    row: 15,
    fault: 'each answer of PostgreSQL takes 300 ms more',
    injection: '150 ms each way on the wire while a call comes in',
    expected: 'the call is answered and held',
    metric: { series: /^centralita_db_query_seconds_over\{le="0.5",/, atLeast: 2 },
    cause: slowly('\\d{4,}'),
    async inject(world, trial) {
      world.wires.database.delay(150);
      const call = await greeted(world, trial, 'model');
      await converse(world, call);
      return call;
    },
    async expect(_world, trial, call) {
      await call.hangUp();
      await endedAs(trial, 'caller_hung_up');
    },
  }),
];

export const databaseFaults: readonly Fault[] = [...slow, ...gone];
