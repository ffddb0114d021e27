/** That nothing which arrives malformed, from the network or from Asterisk, ends a process or a conversation: on the whole product, with callers in conversation. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { countOf, leftoversOf } from '@centralita/e2e/leftovers.ts';
import { RIG_NUMBERS } from '@centralita/e2e/rig-seed.ts';
import { rigPorts } from '@centralita/e2e/rig-ports.ts';
import type { Rig } from '@centralita/e2e/rig.ts';
import { instancePaths } from '@centralita/provision/instance.ts';
import { BASE_PORT, BENCH_NUMBER, liveCallStandIns, openBenchRig } from './bench-rig.ts';
import { udpPortsInUse } from './broken-rtp.ts';
import { watchCrashes } from './crash-watch.ts';
import type { WatchedProcess } from './crash-watch.ts';
import { openFrameWire } from './frame-wire.ts';
import { runBench } from './harness.ts';
import { idsOf, notesOf, openConversations, wrongEnd } from './malformed-calls.ts';
import { runStorm } from './malformed-storm.ts';
import type { StormCounts } from './malformed-storm.ts';

/** Where the wire listens, from the bench's first port. */
const WIRE_PORT = BASE_PORT + 850;
/** A damaged INVITE that Asterisk accepts is never acknowledged: its transaction lives for 64 times T1, its last BYE as long again. */
const TRANSACTION_MS = 75_000;
/** Calls that the storm itself may make; beyond these Asterisk refuses them. */
const ROOM_FOR_STRANGERS = 10;

const logFile = (rig: Rig, name: string): string => join(rig.instance.dir, 'logs', `${name}.log`);

function watched(rig: Rig): readonly WatchedProcess[] {
  const pidFile = instancePaths(rig.instance).asteriskPid;
  return [
    {
      name: 'the control plane',
      pid: () => rig.controlPlane.pid,
      logFile: logFile(rig, 'control-plane'),
      fatal: /uncaught exception|unhandled rejection/,
    },
    {
      name: 'Asterisk',
      pid: async () => Number(await readFile(pidFile, 'utf8').catch(() => '-1')),
      logFile: logFile(rig, 'asterisk'),
      fatal: /FRACK!|Asterisk Ready|Segmentation fault|core dumped|Got backtrace|free\(\): invalid|Executing last minute cleanups/,
    },
  ];
}

function show({ packets, frames, byKind, stoppedBecause }: StormCounts, log: (message: string) => void): void {
  if (stoppedBecause !== null) log(`the storm ended early: ${stoppedBecause}`);
  log(`${packets} malformed packets, ${frames} broken frames:`);
  for (const [kind, count] of [...byKind].toSorted(([a], [b]) => a.localeCompare(b))) log(`  ${count} ${kind}`);
}

type MediaAnomalies = { readonly wrongSize: number; readonly unknownMessages: number };

/** What the control plane says that it dropped. */
async function droppedFrames(rig: Rig): Promise<{ readonly events: number; readonly media: number }> {
  const lines = (await readFile(logFile(rig, 'control-plane'), 'utf8')).split('\n');
  const ended = lines
    .filter((line) => line.includes('media socket ended with anomalies'))
    .map((line) => JSON.parse(line) as MediaAnomalies);
  return {
    events: lines.filter((line) => line.includes('ARI message dropped')).length,
    media: ended.reduce((sum, { wrongSize, unknownMessages }) => sum + wrongSize + unknownMessages, 0),
  };
}

/** Malformed packets that Asterisk's SIP socket had no room for. */
async function lostPackets({ ports }: Rig): Promise<number> {
  return (await udpPortsInUse({ from: ports.sip, to: ports.sip })).reduce((sum, { dropped }) => sum + dropped, 0);
}

/** Broken frames that were sent; none, when what the control plane tells of them is less than a tenth: then nothing was proved by them. */
async function arrivedFrames(rig: Rig, { frames }: StormCounts, log: (message: string) => void): Promise<number> {
  const dropped = await droppedFrames(rig);
  log(`the control plane dropped ${dropped.events} messages of events and ${dropped.media} of media`);
  return Math.min(dropped.events, dropped.media) < frames / 10 ? 0 : frames;
}

/** Things left open when the storm's own transactions are over. An Asterisk that cannot list its channels all that time has one at least. */
async function leftAfter(rig: Rig, log: (message: string) => void): Promise<number> {
  const deadline = Date.now() + TRANSACTION_MS;
  for (;;) {
    try {
      const left = await leftoversOf(rig, { withinMs: Math.max(0, deadline - Date.now()) });
      log(`left open: ${JSON.stringify(left)}`);
      return countOf(left);
    } catch (error) {
      if (Date.now() > deadline) {
        log(`left open: Asterisk cannot say: ${String(error)}`);
        return 1;
      }
      await sleep(1_000);
    }
  }
}

await runBench({
  name: 'malformed',
  defaults: { calls: 10, packets: 20_000, frames: 20_000 },
  reaches: { malformed_packets: '>= 20000', broken_frames: '>= 20000', crashes: '= 0', calls_finished: '= 10', left_open: '= 0' },
  standIns: [
    ...liveCallStandIns,
    'broken frames are put between real ones by a relay between Asterisk and the control plane; malformed packets come from the same machine',
  ],
  async run({ options, seed, random, log, signal }) {
    await using wire = await openFrameWire({ port: WIRE_PORT, target: rigPorts(BASE_PORT).ari });
    await using bench = await openBenchRig({
      name: 'malformed',
      maxConcurrentCalls: options.calls + ROOM_FOR_STRANGERS,
      settings: { ASTERISK_URL: `http://127.0.0.1:${WIRE_PORT}` },
    });
    const { rig } = bench;
    const watch = await watchCrashes(watched(rig));
    const since = new Date();
    const conversations = await openConversations(bench, { calls: options.calls, signal });
    const ids = await idsOf(bench, options.calls);
    const rtpPorts = (await udpPortsInUse({ from: rig.ports.rtpFirst, to: rig.ports.rtpLast })).map(({ port }) => port);
    log(`${conversations.calls.length} calls are up, on ${rtpPorts.length} RTP and RTCP ports and ${wire.opened.media} media sockets`);
    const storm = { ...options, sipPort: rig.ports.sip, dialled: [BENCH_NUMBER, RIG_NUMBERS.unknown], rtpPorts, wire };
    const counts = await runStorm({ ...storm, seed, random, signal });
    show(counts, log);
    const lost = await lostPackets(rig);
    log(`opened: ${wire.opened.events} sockets of events, ${wire.opened.media} of media; ${lost} packets found no room`);
    log(`${conversations.said()} sentences were said meanwhile`);
    const asked = await conversations.finish();
    for (const [index, reason] of asked.entries()) if (reason !== null) log(`caller ${index}: ${reason}`);
    const left = await leftAfter(rig, log);
    // Calls that are open still are among what is left.
    const journal = await bench.journal.since(since);
    const theirs = journal.filter(({ call }) => ids.has(call.id));
    const ends = asked.map((_, index) => wrongEnd(index, theirs));
    const wrong = asked.map((reason, index) =>
      reason === null ? (ends[index] ?? null) : `${reason}; in the journal: ${ends[index] ?? 'well'}`,
    );
    for (const [index, reason] of wrong.entries())
      if (reason !== null) log(`call ${index}: ${reason}; noted: ${notesOf(index, theirs, since)}`);
    log(`${journal.length - theirs.length} calls of the storm in the journal; ${left} things left open`);
    const crashes = await watch.crashes();
    for (const crash of crashes) log(`crash: ${crash}`);
    return {
      n: counts.packets + counts.frames,
      figures: {
        malformed_packets: counts.packets - lost,
        broken_frames: await arrivedFrames(rig, counts, log),
        crashes: crashes.length,
        calls_finished: wrong.filter((reason) => reason === null).length,
        left_open: left,
      },
    };
  },
});
