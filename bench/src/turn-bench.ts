/** How long our own code keeps a caller waiting for an answer, at several numbers of live calls. */
import { callerSentences } from './caller-speech.ts';
import { BENCH_NUMBER, liveCallStandIns, openBenchRig } from './bench-rig.ts';
import type { BenchRig } from './bench-rig.ts';
import { hangUpAll, placeCalls, talkAll } from './call-load.ts';
import { runBench } from './harness.ts';
import { percentile } from './percentile.ts';
import { modelTimingsOf, turnFiguresOf } from './turn-overhead.ts';
import type { TurnFigures } from './turn-overhead.ts';

/** A sentence of 2 s, half a second of pause, a reply of 1 s, and room. */
const PERIOD_MS = 4_500;
/** An agent whose candidate pause is as good as its commit: nothing is prepared early. */
const UNPREPARED_NUMBER = '4002';
/** Levels below the largest need fewer turns, but some. */
const SMALL_LEVEL_SHARE = 0.25;
const MIN_LEVEL_SECONDS = 15;

type Level = { readonly number: string; readonly calls: number; readonly seconds: number; readonly signal: AbortSignal };

async function measureLevel(bench: BenchRig, level: Level): Promise<TurnFigures[]> {
  const { calls, number, signal } = level;
  const sentences = await callerSentences();
  const since = new Date();
  await bench.standIn.takeTimings();
  const placed = await placeCalls({ caller: bench.caller, number, calls, signal });
  const untilMs = performance.now() + level.seconds * 1_000;
  await talkAll(placed, { sentences, periodMs: PERIOD_MS, firstAfterMs: 1_000, untilMs, signal });
  await hangUpAll(placed);
  return turnFiguresOf(await bench.journal.endedSince(since, { signal }), modelTimingsOf(await bench.standIn.takeTimings()));
}

function row(label: string, turns: readonly TurnFigures[]): string {
  const of = (pick: (turn: TurnFigures) => number) =>
    [50, 95, 99].map((percent) => percentile(turns.map(pick), percent).toFixed(1)).join(' / ');
  const parts = [
    `overhead ${of((turn) => turn.overheadMs)}`,
    `with what was added before the commit ${of((turn) => turn.wholeOverheadMs)}`,
    `commit to first frame ${of((turn) => turn.firstFrameMs)}`,
    `models ${of((turn) => turn.modelsMs)}`,
  ];
  return `${label}: n ${turns.length}, p50 / p95 / p99 ms: ${parts.join(', ')}`;
}

await runBench({
  name: 'turn',
  defaults: { calls: [1, 10, 50], seconds: 100 },
  reaches: { turn_overhead_p50_ms: '<= 4', turn_overhead_p99_ms: '<= 20' },
  standIns: liveCallStandIns,
  async run({ options, log, signal }) {
    const largest = Math.max(...options.calls);
    await using bench = await openBenchRig({
      name: 'turn',
      maxConcurrentCalls: largest + 10,
      agents: { [UNPREPARED_NUMBER]: { candidatePauseMs: 299, commitPauseMs: 300 } },
    });
    const smallSeconds = Math.max(MIN_LEVEL_SECONDS, options.seconds * SMALL_LEVEL_SHARE);
    let turns: TurnFigures[] = [];
    for (const calls of options.calls.toSorted((a, b) => a - b)) {
      const seconds = calls === largest ? options.seconds : smallSeconds;
      turns = await measureLevel(bench, { number: BENCH_NUMBER, calls, seconds, signal });
      log(row(`${calls} calls`, turns));
    }
    const unprepared = await measureLevel(bench, {
      number: UNPREPARED_NUMBER,
      calls: largest,
      seconds: smallSeconds,
      signal,
    });
    log(row(`${largest} calls, nothing prepared before the commit`, unprepared));
    const overheads = turns.map((turn) => turn.overheadMs);
    return {
      n: turns.length,
      figures: { turn_overhead_p50_ms: percentile(overheads, 50), turn_overhead_p99_ms: percentile(overheads, 99) },
    };
  },
});
