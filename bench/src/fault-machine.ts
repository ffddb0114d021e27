/** Faults of what the machine gives our process: disks, descriptors, the clock. */
import { appendFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand, tryCommand } from '@centralita/provision/command.ts';
import { fault, must } from './fault.ts';
import type { Fault } from './fault.ts';
import { holdingsOf } from './fault-oracle.ts';
import type { FaultWorld } from './fault-world.ts';
import { converse, endedAs, greeted, press, turnsWhole } from './fault-talk.ts';

export const machineFaults: readonly Fault[] = [
  fault({
    name: 'state-disk-full',
    row: 16,
    fault: 'the disk of the spool is full',
    injection: 'the small disk filled up in a call, PostgreSQL away meanwhile',
    expected: 'the call goes on, it is said in the log, all is written when both are back',
    metric: /^centralita_turn_spool_dropped_total/,
    cause: /append log cannot be written|heartbeat cannot be written/,
    async inject(world, trial) {
      const call = await greeted(world, trial, 'keys');
      await fill(world.stateDir);
      await press(call, '1');
      world.wires.database.refuse(true);
      world.wires.database.cut();
      await press(call, '2');
      await sleep(1_500);
      return call;
    },
    async expect(world, trial, call) {
      await rm(balloonIn(world.stateDir));
      world.wires.database.refuse(false);
      await press(call, '3');
      await call.hangUp();
      await endedAs(trial, 'caller_hung_up');
      await turnsWhole(trial, 3);
    },
    repair: (world) => rm(balloonIn(world.stateDir), { force: true }),
  }),
  fault({
    name: 'recordings-disk-full',
    row: 68,
    fault: 'a recording cannot be written',
    injection: 'the disk of the recordings filled up before a call',
    expected: 'the call is held all the same',
    metric: /^centralita_recordings_lost_total/,
    cause: /the recording of a call is lost or not whole/,
    limitMs: 120_000,
    async inject(world, trial) {
      const folder = world.rig.recordingsDir;
      await runCommand(['mount', '-t', 'tmpfs', '-o', 'size=1m,mode=0777', 'tmpfs', folder], { timeoutMs: 10_000 });
      // Asterisk sees mounts that were there when it was started.
      await world.rig.restartAsterisk();
      await world.rig.untilReady();
      await fill(folder);
      const lostBefore = await recordingsLost(world);
      const call = await greeted(world, trial, 'model');
      await converse(world, call);
      return { call, lostBefore };
    },
    async expect(world, trial, { call, lostBefore }) {
      await converse(world, call, 1);
      await call.hangUp();
      await endedAs(trial, 'caller_hung_up');
      // The recording is looked for five times within half a minute, before it counts as lost. Rows before this one lose recordings too.
      await trial.until('the loss is counted', async () => (await recordingsLost(world)) > lostBefore, 60_000);
    },
    async repair(world) {
      await runCommand(['umount', '--lazy', world.rig.recordingsDir], { timeoutMs: 10_000 });
      await world.rig.restartAsterisk();
      await world.rig.untilReady();
    },
  }),
  fault({
    name: 'descriptors-used-up',
    row: 17,
    fault: 'the process may open no file more',
    injection: 'its limit of descriptors lowered to what it holds, in a call; another caller, 20 requests',
    expected: 'the live call goes on, nothing crashes; with the limit back, calls are served',
    metric: /^centralita_(ready$|calls_rejected_total|calls_total\{outcome="(failed|rejected_at_capacity)"\})/,
    cause: /too few file descriptors are left/,
    async inject(world, trial) {
      const call = await greeted(world, trial, 'model');
      const { pid } = world.rig.controlPlane;
      const { descriptors } = await holdingsOf(pid);
      await limitDescriptors(pid, descriptors);
      const other = await world.place(trial, 'keys');
      const asked = Array.from({ length: 20 }, () => world.ask('/health', {}).catch(() => null));
      await converse(world, call);
      // Two looks of the watch.
      await sleep(4_000);
      await limitDescriptors(pid, 20_000);
      await other.hangUp();
      await Promise.all(asked);
      return call;
    },
    async expect(world, trial, call) {
      await converse(world, call, 1);
      await call.hangUp();
      await converse(world, await greeted(world, trial, 'model'));
    },
    repair: (world) => limitDescriptors(world.rig.controlPlane.pid, 20_000),
  }),
  fault({
    name: 'spool-tail-damaged',
    row: 13,
    fault: 'the last write to the spool was torn',
    injection: 'turns on the local disk alone, SIGKILL, rubbish behind the last record, started again',
    expected: 'what is whole is written in order, what is not is left out and said',
    metric: /^centralita_calls_(readopted|closed_while_away)_total/,
    cause: /records of the append log are damaged/,
    limitMs: 90_000,
    replacesControlPlane: true,
    async inject(world, trial) {
      const call = await greeted(world, trial, 'keys');
      await trial.until('the call is in the journal', async () => (await trial.calls()).length > 0);
      world.wires.database.refuse(true);
      world.wires.database.cut();
      await press(call, '1');
      await press(call, '2');
      await world.rig.controlPlane.stop('SIGKILL', 1_000);
      const folder = join(world.stateDir, 'journal');
      const last = (await readdir(folder)).sort().at(-1);
      must(last !== undefined, 'there is no segment on the disk');
      await appendFile(join(folder, last), '{"kind":"turn","callId":"call_torn');
      world.wires.database.refuse(false);
      await world.rig.startControlPlane();
      return call;
    },
    async expect(_world, trial, call) {
      await sleep(2_000);
      await call.hangUp();
      await endedAs(trial, 'caller_hung_up');
      await turnsWhole(trial, 2);
    },
  }),
  fault({
    name: 'clock-jumps',
    row: 38,
    fault: 'the wall clock jumps an hour ahead and two back',
    injection: 'libfaketime on the control plane, its file changed in a call',
    expected: 'no timer fires, the call goes on, tokens are still good, the log says by how much',
    metric: { series: /^centralita_clock_jumps_total/, atLeast: 2 },
    cause: /the wall clock was set/,
    limitMs: 120_000,
    replacesControlPlane: true,
    async inject(world, trial) {
      const file = join(world.stateDir, 'faketime');
      await writeFile(file, '+0\n');
      Object.assign(world.settings, {
        LD_PRELOAD: await findFaketime(),
        FAKETIME_TIMESTAMP_FILE: file,
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
        FAKETIME_CACHE_DURATION: '1',
      });
      await world.restart();
      const call = await greeted(world, trial, 'keys');
      await writeFile(file, '+3600\n');
      await sleep(2_500);
      await isAheadBy(world, 3_600_000);
      await press(call, '1');
      await writeFile(file, '-3600\n');
      await sleep(2_500);
      await isAheadBy(world, -3_600_000);
      return call;
    },
    async expect(world, _trial, call) {
      await press(call, '2');
      const { status } = await world.ask('/calls', { headers: { authorization: `Bearer ${world.shopToken}` } });
      must(status === 200, `a good token was answered ${status}`);
      await call.hangUp();
    },
    async repair(world) {
      for (const name of ['LD_PRELOAD', 'FAKETIME_TIMESTAMP_FILE', 'FAKETIME_DONT_FAKE_MONOTONIC', 'FAKETIME_CACHE_DURATION'])
        delete world.settings[name];
      await world.restart();
    },
  }),
];

const balloonIn = (folder: string): string => join(folder, 'balloon');

/** Recordings that the process counted as lost so far, of every kind. */
async function recordingsLost(world: FaultWorld): Promise<number> {
  const { text } = await world.ask('/metrics');
  return [...text.matchAll(/^centralita_recordings_lost_total\{.*\} (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Until not a byte more fits. */
async function fill(folder: string): Promise<void> {
  const file = balloonIn(folder);
  for (const bytes of [1_048_576, 4_096]) {
    const piece = Buffer.alloc(bytes);
    for (;;) {
      try {
        await appendFile(file, piece);
      } catch {
        break;
      }
    }
  }
}

async function limitDescriptors(pid: number, most: number): Promise<void> {
  await runCommand(['prlimit', '--pid', String(pid), `--nofile=${most}:`], { timeoutMs: 5_000 });
}

/** Debian's library that lies about the wall clock, for programs with threads; installed when it is not there. */
async function findFaketime(): Promise<string> {
  const list = () => tryCommand(['dpkg', '-L', 'libfaketime'], { timeoutMs: 10_000 });
  let listed = await list();
  if (listed.exitCode !== 0) {
    await runCommand(['apt-get', 'install', '-y', '--no-install-recommends', 'libfaketime'], { timeoutMs: 60_000 });
    listed = await list();
  }
  const path = listed.stdout.split('\n').find((line) => line.endsWith('/libfaketimeMT.so.1'));
  must(path !== undefined, 'libfaketime has no library for programs with threads');
  return path;
}

/** By the date that the control plane writes on an answer: the fault was really brought about. */
async function isAheadBy(world: FaultWorld, ms: number): Promise<void> {
  const { headers } = await world.ask('/health');
  const aheadMs = Date.parse(headers.get('date') ?? '') - Date.now();
  must(Math.abs(aheadMs - ms) < 10_000, `the control plane’s clock is ${aheadMs} ms ahead, not ${ms}`);
}
