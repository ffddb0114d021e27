/** How many calls one control plane holds, and what a call costs it: sound both ways all the time, a turn every ten seconds. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SipCall } from '@centralita/sip-caller/sip-call.ts';
import { BENCH_NUMBER, liveCallStandIns, openBenchRig } from './bench-rig.ts';
import { countOf, leftoversOf } from '@centralita/e2e/leftovers.ts';
import { hangUpAll, placeCalls, talkAll } from './call-load.ts';
import { callerSentences } from './caller-speech.ts';
import { runBench } from './harness.ts';
import { corePercent, usageOf } from './process-usage.ts';

const PERIOD_MS = 10_000;
/** A call that received less than this share of its packets was not held. */
const MIN_PACKETS_SHARE = 0.95;
/** Calls that do not answer nearly every sentence are not the load that is promised. */
const MIN_TURNS_SHARE = 0.98;
/** Before the first reading the process rests, so that its start is not counted as a call's. */
const REST_MS = 5_000;
const BYTES_PER_MB = 1_048_576;

/** Calls of which sound came back all the time from `fromMs` to `toMs`. */
function heldOf(calls: readonly SipCall[], { fromMs, toMs }: { fromMs: number; toMs: number }): number {
  const expected = (toMs - fromMs) / 20;
  return calls.filter(
    (call) => call.received().arrivedAt.filter((atMs) => atMs >= fromMs && atMs < toMs).length >= expected * MIN_PACKETS_SHARE,
  ).length;
}

await runBench({
  name: 'hold',
  defaults: { calls: 100, seconds: 60 },
  reaches: {
    calls_held: '100',
    calls_dropped: '0',
    leaked: '0',
    control_plane_core_percent_per_call: '<= 0.5',
    control_plane_mb_per_call: '<= 2',
  },
  standIns: liveCallStandIns,
  async run({ options, log, signal }) {
    const { calls, seconds } = options;
    await using bench = await openBenchRig({ name: 'hold', maxConcurrentCalls: calls + 10 });
    const { rig } = bench;
    const { pid } = rig.controlPlane;
    const sentences = await callerSentences();
    await sleep(REST_MS, undefined, { signal });
    const before = await usageOf(pid);
    const since = new Date();
    const placed = await placeCalls({ caller: bench.caller, number: BENCH_NUMBER, calls, signal });
    let dropped = 0;
    for (const call of placed) void call.ended.then((end) => (dropped += end.kind === 'hung_up_by_us' ? 0 : 1));
    log(`${placed.length} calls are up`);
    const fromMs = performance.now();
    const start = await usageOf(pid);
    const untilMs = fromMs + seconds * 1_000;
    await talkAll(placed, { sentences, periodMs: PERIOD_MS, untilMs, signal });
    const end = await usageOf(pid);
    const held = heldOf(placed, { fromMs, toMs: untilMs });
    await hangUpAll(placed);
    const left = await leftoversOf(rig);
    const journal = await bench.journal.endedSince(since, { signal });
    const turns = journal.flatMap((call) => call.turns.filter((turn) => turn.role === 'agent' && turn.endpointMs !== null)).length;
    const expectedTurns = calls * Math.floor(seconds / 10 - 1);
    log(`${turns} turns answered, ${expectedTurns} expected at least; left behind: ${JSON.stringify(left)}`);
    log(
      `control plane: ${corePercent(start, end).toFixed(1)} % of a core, ${(end.residentBytes / BYTES_PER_MB).toFixed(0)} MB, ${(before.residentBytes / BYTES_PER_MB).toFixed(0)} MB before the calls`,
    );
    if (turns < expectedTurns * MIN_TURNS_SHARE)
      throw new Error(`only ${turns} of ${expectedTurns} turns were answered: the calls did not live`);
    return {
      n: calls,
      figures: {
        calls_held: held,
        calls_dropped: dropped,
        leaked: countOf(left),
        control_plane_core_percent_per_call: corePercent(start, end) / calls,
        control_plane_mb_per_call: (end.residentBytes - before.residentBytes) / BYTES_PER_MB / calls,
      },
    };
  },
});
