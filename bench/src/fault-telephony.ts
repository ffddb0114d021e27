/** Faults between the control plane and Asterisk, and of Asterisk itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ARI_USER, ariUrl } from '@centralita/provision/instance.ts';
import { RIG_PASSWORDS } from '@centralita/e2e/rig-ports.ts';
import { callersOwnEnd, fault, must } from './fault.ts';
import type { Fault } from './fault.ts';
import { callUp, converse, endedAs, greeted, heard, noted, press, quiet } from './fault-talk.ts';
import type { FaultWorld } from './fault-world.ts';

const lost = /connection to Asterisk lost/;
const isEvents = (line: string): boolean => line.includes('/ari/events');
const isMedia = (line: string): boolean => line.includes('/media');

const control: Fault[] = [
  fault({
    name: 'control-socket-cut',
    row: 18,
    fault: 'the connection to Asterisk is cut',
    injection: 'a reset of the control socket alone, in a call',
    expected: 'opened again, the call goes on and keys are heard again',
    metric: /^centralita_ari_(reconnects_total|connected)/,
    cause: lost,
    async inject(world, trial) {
      const call = await greeted(world, trial, 'keys');
      must(world.wires.asterisk.cut(isEvents) > 0, 'there was no control socket to cut');
      return call;
    },
    async expect(world, trial, call) {
      await trial.until('ready again', async () => (await world.ask('/health/ready')).status === 200);
      await press(call, '1');
    },
  }),
  fault({
    name: 'control-socket-cut-at-an-arrival',
    row: 21,
    fault: 'requests to Asterisk are reset in the middle',
    injection: 'a reset of everything 20 ms after each of three callers dialled',
    expected: 'callers are served or let go; nothing of them is left; the next one is served',
    metric: /^centralita_ari_(reconnects_total|connected)/,
    cause: lost,
    async inject(world, trial) {
      for (let index = 0; index < 3; index++) {
        const call = await world.place(trial, 'model');
        await sleep(20);
        world.wires.asterisk.cut();
        await sleep(1_000);
        await call.hangUp();
      }
    },
    async expect(world, trial) {
      await trial.until('ready again', async () => (await world.ask('/health/ready')).status === 200);
      await converse(world, await greeted(world, trial, 'model'));
    },
  }),
  fault({
    name: 'control-socket-stalls',
    row: 19,
    fault: 'events are not taken from Asterisk',
    injection: 'the control socket frozen for 6 s in a call, a key pressed meanwhile: Asterisk gives such readers up',
    expected: 'the caller is heard and answered all the time or again afterwards; keys are heard again',
    metric: /^centralita_ari_(event_lag_seconds_over\{le="1"|reconnects_total)/,
    cause: /"lagMs":\d{4,},.*"msg":"events of the telephone system come late"|connection to Asterisk lost/,
    async inject(world, trial) {
      const call = await greeted(world, trial, 'keys');
      world.wires.asterisk.freeze(isEvents);
      await call.sendDtmf('3');
      await sleep(6_000);
      world.wires.asterisk.thaw();
      return call;
    },
    async expect(world, trial, call) {
      await trial.until('ready', async () => (await world.ask('/health/ready')).status === 200);
      await press(call, '1');
    },
  }),
  fault({
    name: 'asterisk-slow',
    row: 19,
    fault: 'everything to and from Asterisk takes 200 ms longer',
    injection: 'a slow wire while a call comes in',
    expected: 'the call is answered and held',
    metric: { series: /^centralita_ari_request_seconds_over\{le="0.1",/, atLeast: 1 },
    cause: /"tookMs":[4-9]\d{2},.*"msg":"a request to the telephone system took long"/,
    async inject(world, trial) {
      world.wires.asterisk.delay(200);
      const call = await greeted(world, trial, 'model');
      await converse(world, call);
      return call;
    },
    async expect(_world, trial, call) {
      await call.hangUp();
      await endedAs(trial, 'caller_hung_up');
    },
  }),
  fault({
    name: 'asterisk-refuses-connections',
    row: 18,
    fault: 'the control socket is cut and cannot be opened for 4 s',
    injection: 'a reset of the control socket, new connections reset, in a call',
    expected: 'not ready meanwhile, tried again with pauses, the call goes on',
    metric: /^centralita_ari_(reconnects_total|connected)/,
    cause: lost,
    async inject(world, trial) {
      const call = await greeted(world, trial, 'keys');
      world.wires.asterisk.refuse(true);
      world.wires.asterisk.cut(isEvents);
      await trial.until('not ready because of the telephone system', async () => {
        const { status, text } = await world.ask('/health/ready');
        return status === 503 && text.includes('telephony');
      });
      await sleep(3_000);
      world.wires.asterisk.refuse(false);
      return call;
    },
    async expect(world, trial, call) {
      await trial.until('ready again', async () => (await world.ask('/health/ready')).status === 200, 30_000);
      await press(call, '1');
    },
  }),
];

const media: Fault[] = [
  fault({
    name: 'media-socket-cut',
    row: 24,
    fault: 'the socket of a call’s sound dies',
    injection: 'a reset of the media socket in a call',
    expected: 'sound is built again, the caller is heard and answered',
    metric: /^centralita_media_gap_seconds/,
    cause: /media_reattached|media_lost/,
    async inject(world, trial) {
      const call = await greeted(world, trial, 'model');
      must(world.wires.asterisk.cut(isMedia) > 0, 'there was no media socket to cut');
      return call;
    },
    async expect(world, trial, call) {
      await noted(trial, 'media_reattached');
      await converse(world, call);
    },
  }),
  fault({
    name: 'media-socket-stalls',
    row: 25,
    fault: 'sound does not come through for a while',
    injection: 'the media socket frozen for 2.5 s in a call',
    expected: 'the call goes on when it does again',
    ...callersOwnEnd,
    async inject(world, trial) {
      const call = await greeted(world, trial, 'model');
      world.wires.asterisk.freeze(isMedia);
      await sleep(2_500);
      world.wires.asterisk.thaw();
      return call;
    },
    async expect(world, _trial, call) {
      await sleep(1_000);
      await converse(world, call);
    },
  }),
];

const whole: Fault[] = [
  fault({
    name: 'bridge-left-behind',
    row: 30,
    fault: 'a bridge that no call owns',
    injection: 'a bridge named as ours made behind the control plane’s back',
    expected: 'destroyed by the reaper',
    metric: /^centralita_(reaped_total|orphans)\{kind="bridge"/,
    cause: /leftovers found in Asterisk/,
    limitMs: 100_000,
    async inject(world) {
      const application = world.rig.instance.application;
      await ari(world, 'POST', `bridges?type=mixing&name=${application}`);
      must((await countOfBridges(world)) === 1, 'the bridge was not made');
    },
    expect: async (world, trial) => void (await trial.until('the bridge is gone', async () => (await countOfBridges(world)) === 0, 80_000)),
  }),
  fault({
    name: 'second-control-plane',
    row: 20,
    fault: 'a second control plane takes the application',
    injection: 'a second process with the same name at Asterisk, then the first one restarted',
    expected: 'the first steps down and says so; calls reach the second; nothing is adopted twice',
    metric: /^centralita_ari_connected/,
    cause: /another control plane took over this application/,
    limitMs: 120_000,
    replacesControlPlane: true,
    async inject(world, trial) {
      const first = world.rig.controlPlane;
      const call = await greeted(world, trial, 'keys');
      const second = await world.startTwin();
      await trial.until('the first steps down', async () => (await world.ask('/health/ready')).status === 503, 30_000);
      await sleep(2_000);
      must(call.state === 'answered', `the call is ${call.state}`);
      return { first, second, call };
    },
    async expect(world, trial, { call, second }) {
      const next = await greeted(world, trial, 'model');
      await converse(world, next);
      await next.hangUp();
      await call.hangUp();
      await second.stop('SIGTERM', 20_000);
      await world.restart();
    },
  }),
  fault({
    name: 'asterisk-killed',
    row: 22,
    fault: 'Asterisk dies with a call in it',
    injection: 'SIGKILL of Asterisk, started again',
    expected: 'the row is closed as lost with it; the next call is served',
    metric: /^centralita_ari_reconnects_total/,
    cause: lost,
    limitMs: 120_000,
    async inject(world, trial) {
      await greeted(world, trial, 'model');
      await trial.until('the call is in the journal', async () => (await trial.calls()).length > 0);
      await world.rig.restartAsterisk();
    },
    async expect(world, trial) {
      await trial.until('closed as lost', async () => (await trial.calls()).every(({ reason }) => reason === 'node_lost'), 40_000);
      await world.rig.untilReady();
      const call = await callUp(world, trial, 'model');
      await heard(call, call.startedAt);
      await quiet(call);
      await converse(world, call);
    },
  }),
];

export const telephonyFaults: readonly Fault[] = [...control, ...media, ...whole];

async function ari(world: FaultWorld, method: string, path: string): Promise<unknown> {
  const url = `${ariUrl(world.rig.instance)}/ari/${path}${path.includes('?') ? '&' : '?'}api_key=${ARI_USER}:${RIG_PASSWORDS.ari}`;
  const response = await fetch(url, { method, headers: { connection: 'close' } });
  if (!response.ok) throw new Error(`ARI ${path}: ${response.status}`);
  return await response.json();
}

async function countOfBridges(world: FaultWorld): Promise<number> {
  return ((await ari(world, 'GET', 'bridges')) as unknown[]).length;
}
