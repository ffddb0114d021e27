/** Whether the latency that the product reports is the latency that is heard: each turn's own figure against the gap on the call's stereo recording. */
import { setTimeout as sleep } from 'node:timers/promises';
import { turnGaps } from '@centralita/control-plane/db/schema/turn-gaps.ts';
import { mintApplianceScope } from '@centralita/control-plane/shared/appliance-scope.ts';
import { BENCH_NUMBER, liveCallStandIns, openBenchRig } from './bench-rig.ts';
import type { BenchRig } from './bench-rig.ts';
import { hangUpAll, placeCalls, talkAll } from './call-load.ts';
import { callerSentences } from './caller-speech.ts';
import { runBench } from './harness.ts';
import type { JournalledCall } from './journal-reader.ts';
import { percentile } from './percentile.ts';

/** A sentence of 2 s, half a second of pause, a reply of 1 s, and room; no whole number of frames, so that sentences end at every point of one. */
const PERIOD_MS = 4_507;
/** A turn that was answered and of which the recording shows nothing is a hole in the proof; a few are cut by the end of their call. */
const MIN_MEASURED_SHARE = 0.95;
/** The product measures the recordings after the calls, four at once. */
const MEASURED_WITHIN_MS = 60_000;

type Pair = { readonly reportedMs: number; readonly heardMs: number };

/** Waits until the product has measured what it will, then pairs each figure with the gap on the recording. */
async function pairsOf({ database }: BenchRig, calls: readonly JournalledCall[], signal: AbortSignal): Promise<readonly Pair[]> {
  const reported = new Map(
    calls.flatMap(({ call, turns }) => turns.flatMap(({ seq, gapMs }) => (gapMs === null ? [] : [[`${call.id} ${seq}`, gapMs] as const]))),
  );
  const giveUpAt = Date.now() + MEASURED_WITHIN_MS;
  for (;;) {
    const rows = await database.inAppliance(mintApplianceScope(), (queries) => queries.select().from(turnGaps));
    const pairs = rows.flatMap(({ callId, seq, heardGapMs }) => {
      const reportedMs = reported.get(`${callId} ${seq}`);
      return reportedMs === undefined ? [] : [{ reportedMs, heardMs: heardGapMs }];
    });
    if (pairs.length >= reported.size * MIN_MEASURED_SHARE) return pairs;
    if (Date.now() > giveUpAt) throw new Error(`only ${pairs.length} of ${reported.size} reported gaps were found on the recordings`);
    await sleep(500, undefined, { signal });
  }
}

await runBench({
  name: 'truth',
  defaults: { calls: 16, seconds: 160 },
  reaches: { turns: '>= 500', abs_difference_p95_ms: '<= 20' },
  standIns: liveCallStandIns,
  async run({ options, log, signal, random }) {
    await using bench = await openBenchRig({ name: 'truth', maxConcurrentCalls: options.calls + 2 });
    const sentences = await callerSentences();
    const since = new Date();
    const placed = await placeCalls({ caller: bench.caller, number: BENCH_NUMBER, calls: options.calls, signal });
    const untilMs = performance.now() + options.seconds * 1_000;
    await talkAll(placed, { sentences, periodMs: PERIOD_MS + random() * 20, firstAfterMs: 1_500, untilMs, signal });
    await hangUpAll(placed);
    const calls = await bench.journal.endedSince(since, { signal });
    const pairs = await pairsOf(bench, calls, signal);
    const differences = pairs.map(({ reportedMs, heardMs }) => reportedMs - heardMs);
    const at = (values: readonly number[], percent: number) => percentile(values, percent).toFixed(1);
    const row = (values: readonly number[]) => [0, 5, 50, 95, 100].map((percent) => at(values, percent)).join(' / ');
    log(`heard: ${row(pairs.map(({ heardMs }) => heardMs))} ms (least, p5, p50, p95, most)`);
    log(`reported: ${row(pairs.map(({ reportedMs }) => reportedMs))} ms`);
    log(`reported - heard: ${row(differences)} ms`);
    const absolute = differences.map((difference) => Math.abs(difference));
    return { n: pairs.length, figures: { turns: pairs.length, abs_difference_p95_ms: percentile(absolute, 95) } };
  },
});
