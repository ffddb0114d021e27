/** Faults of our own process: killed, told to stop, frozen. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fault, must } from './fault.ts';
import type { Fault } from './fault.ts';
import { converse, endedAs, greeted, hungUp, noted, press, turnsWhole } from './fault-talk.ts';

export const processFaults: readonly Fault[] = [
  fault({
    name: 'control-plane-killed',
    row: 23,
    fault: 'the control plane dies with calls up',
    injection: 'SIGKILL with two calls, started again',
    expected: 'both calls go on with what they knew',
    metric: /^centralita_calls_readopted_total/,
    cause: /calls of the last process were found/,
    limitMs: 90_000,
    replacesControlPlane: true,
    async inject(world, trial) {
      const calls = [await greeted(world, trial, 'keys'), await greeted(world, trial, 'model')] as const;
      await press(calls[0], '1');
      await world.rig.controlPlane.stop('SIGKILL', 1_000);
      await world.rig.startControlPlane();
      return calls;
    },
    async expect(world, trial, [keys, model]) {
      await sleep(3_000);
      await press(keys, '2');
      await converse(world, model);
      await Promise.all([keys.hangUp(), model.hangUp()]);
      await endedAs(trial, 'caller_hung_up');
      await turnsWhole(trial, 3);
      await noted(trial, 'call_resumed');
    },
  }),
  fault({
    name: 'caller-leaves-while-nobody-is-there',
    row: 23,
    fault: 'a call ends while no control plane lives',
    injection: 'SIGKILL, BYE, started again',
    expected: 'the row is closed as ended while away',
    metric: /^centralita_calls_closed_while_away_total/,
    cause: /a call without a caller is closed/,
    limitMs: 90_000,
    replacesControlPlane: true,
    async inject(world, trial) {
      const call = await greeted(world, trial, 'keys');
      await trial.until('the call is in the journal', async () => (await trial.calls()).length > 0);
      await world.rig.controlPlane.stop('SIGKILL', 1_000);
      await call.hangUp();
      await world.rig.startControlPlane();
    },
    async expect(_world, trial) {
      await endedAs(trial, 'failed');
      must(
        (await trial.calls()).every(({ reason }) => reason === 'ended_while_away'),
        'closed for another reason',
      );
    },
  }),
  fault({
    name: 'stopped-with-a-call-up',
    row: 69,
    fault: 'the process is asked to stop',
    injection: 'SIGTERM with a call up, another caller, then the first one hangs up',
    expected: 'not ready and no new call, the live one goes on, then the process ends by itself',
    metric: /^centralita_calls_rejected_total/,
    cause: /stopping: live calls go on/,
    limitMs: 90_000,
    replacesControlPlane: true,
    async inject(world, trial) {
      const call = await greeted(world, trial, 'keys');
      const stopping = world.rig.controlPlane;
      const gone = stopping.stop('SIGTERM', 60_000);
      await trial.until('not ready', async () => (await world.ask('/health/ready')).status === 503);
      await press(call, '1');
      const late = await world.place(trial, 'model');
      const outcome = await late.outcome;
      must(outcome.kind === 'rejected', `a new call: ${outcome.kind}`);
      must(stopping.isRunning(), 'the process ended with a call up');
      await late.hangUp();
      await press(call, '2');
      await call.hangUp();
      await gone;
    },
    async expect(world, trial) {
      await world.rig.startControlPlane();
      await endedAs(trial, /caller_hung_up|rejected/);
    },
  }),
  fault({
    name: 'stopped-twice',
    row: 69,
    fault: 'the process is told to stop at once',
    injection: 'SIGTERM with a call up, and again after 1 s',
    expected: 'the call is ended and written, the process is gone within seconds',
    metric: /^centralita_build_info/,
    cause: /"again":true/,
    limitMs: 90_000,
    replacesControlPlane: true,
    async inject(world, trial) {
      const call = await greeted(world, trial, 'keys');
      const stopping = world.rig.controlPlane;
      const gone = stopping.stop('SIGTERM', 30_000);
      await sleep(1_000);
      const from = performance.now();
      process.kill(stopping.pid, 'SIGTERM');
      await gone;
      return { call, tookMs: performance.now() - from };
    },
    async expect(world, trial, { call, tookMs }) {
      must(tookMs < 15_000, `gone after ${tookMs.toFixed(0)} ms`);
      await hungUp(call, 5_000);
      await world.rig.startControlPlane();
      await endedAs(trial, /./);
    },
  }),
  fault({
    name: 'control-plane-frozen',
    row: 24,
    fault: 'the process gets no processor for a while',
    injection: 'SIGSTOP for 4 s in a call',
    expected: 'the call goes on afterwards, the log says how long nothing was done',
    metric: { series: /^centralita_event_loop_stopped_seconds_total/, atLeast: 2 },
    cause: /"lateMs":([3-9]\d{3}|\d{5,}),"msg":"the event loop stood still/,
    async inject(world, trial) {
      const call = await greeted(world, trial, 'model');
      process.kill(world.rig.controlPlane.pid, 'SIGSTOP');
      await sleep(4_000);
      process.kill(world.rig.controlPlane.pid, 'SIGCONT');
      return call;
    },
    async expect(world, trial, call) {
      await trial.until('ready', async () => (await world.ask('/health/ready')).status === 200);
      await sleep(1_500);
      await converse(world, call);
    },
  }),
];
