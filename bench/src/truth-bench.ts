/**
 * Whether the latency that the product reports is the latency that is heard: each turn's own figure against the gap on the wire. The wire is measured twice:
 * at the caller's telephone, which knows when it sent its last sample and when the answer's first packet came: that is the figure; and on the
 * call's stereo recording, whose two sides Asterisk lays against each other in steps of 20 ms, and lets drift apart on a machine that is short of time: told.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { turnGaps } from '@centralita/control-plane/db/schema/turn-gaps.ts';
import { mintApplianceScope } from '@centralita/control-plane/shared/appliance-scope.ts';
import { BENCH_NUMBER, liveCallStandIns, openBenchRig } from './bench-rig.ts';
import type { BenchRig } from './bench-rig.ts';
import { hangUpAll, placeCalls, talkAll } from './call-load.ts';
import type { Said } from './call-load.ts';
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

/** An answer comes within this time, or the sentence had none. */
const MAX_GAP_MS = 3_000;
/** Asterisk's playout and the network of one machine: an answer is the journal's when both begin within this time. */
const SAME_ANSWER_MS = 400;
const PACKET_SAMPLES = 160;
const SAMPLES_PER_MS = 8;

type Reported = { readonly key: string; readonly startedAtMs: number; readonly callerNumber: string; readonly gapMs: number };
/** A sentence and its answer as the caller's telephone has them; wall-clock ms. */
type Heard = { readonly callerNumber: string; readonly answeredAtMs: number; readonly gapMs: number };

function reportedOf(calls: readonly JournalledCall[]): readonly Reported[] {
  return calls.flatMap(({ call, turns }) =>
    turns.flatMap(({ seq, gapMs, startedAt }) =>
      gapMs === null ? [] : [{ key: `${call.id} ${seq}`, startedAtMs: startedAt.getTime(), callerNumber: call.callerNumber, gapMs }],
    ),
  );
}

/** What the telephones have: a packet's first sample is taken to pass with the packet, at both ends. */
function heardOf(said: readonly (Said & { readonly callerNumber: string })[]): readonly Heard[] {
  return said.flatMap(({ call, callerNumber, sentence, endedAt }) => {
    const lastPacketMs = (((sentence.length - 1) % PACKET_SAMPLES) + 1) / SAMPLES_PER_MS;
    const answeredAt = call.firstAudioAt(endedAt + 1);
    if (answeredAt === null || answeredAt - endedAt > MAX_GAP_MS) return [];
    return [{ callerNumber, answeredAtMs: performance.timeOrigin + answeredAt, gapMs: answeredAt - endedAt - lastPacketMs }];
  });
}

/** Differences of the reported gaps from those at the telephones; a reported gap whose answer no telephone has is left out. */
function differencesOf(reported: readonly Reported[], heard: readonly Heard[]): readonly number[] {
  return reported.flatMap(({ callerNumber, startedAtMs, gapMs }) => {
    const same = heard.find((each) => each.callerNumber === callerNumber && Math.abs(each.answeredAtMs - startedAtMs) < SAME_ANSWER_MS);
    return same ? [gapMs - same.gapMs] : [];
  });
}

/** Waits until the product has measured its recordings; the differences of the reported gaps from those on them. */
async function recordedDifferences({ database }: BenchRig, reported: readonly Reported[], signal: AbortSignal): Promise<readonly number[]> {
  const giveUpAt = Date.now() + MEASURED_WITHIN_MS;
  for (;;) {
    const rows = await database.inAppliance(mintApplianceScope(), (queries) => queries.select().from(turnGaps));
    const recorded = new Map(rows.map(({ callId, seq, heardGapMs }) => [`${callId} ${seq}`, heardGapMs]));
    const differences = reported.flatMap(({ key, gapMs }) => {
      const heardGapMs = recorded.get(key);
      return heardGapMs === undefined ? [] : [gapMs - heardGapMs];
    });
    if (differences.length >= reported.length * MIN_MEASURED_SHARE) return differences;
    if (Date.now() > giveUpAt)
      throw new Error(`only ${differences.length} of ${reported.length} reported gaps were found on the recordings`);
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
    const numbers = new Map(placed.map((call, index) => [call, `bench${index}`]));
    const said: (Said & { callerNumber: string })[] = [];
    const onSaid = (each: Said): void => void said.push({ ...each, callerNumber: numbers.get(each.call) ?? '' });
    await talkAll(placed, { sentences, periodMs: PERIOD_MS + random() * 20, firstAfterMs: 1_500, untilMs, onSaid, signal });
    await hangUpAll(placed);
    const reported = reportedOf(await bench.journal.endedSince(since, { signal }));
    const atTelephones = differencesOf(reported, heardOf(said));
    const onRecordings = await recordedDifferences(bench, reported, signal);
    const row = (values: readonly number[]) => [0, 5, 50, 95, 100].map((percent) => percentile(values, percent).toFixed(1)).join(' / ');
    const absolute = (values: readonly number[]) => values.map((value) => Math.abs(value));
    log(`reported: ${row(reported.map(({ gapMs }) => gapMs))} ms (least, p5, p50, p95, most)`);
    log(`reported - heard at the telephones: ${row(atTelephones)} ms, ${atTelephones.length} turns`);
    log(`reported - heard on the recordings: ${row(onRecordings)} ms, ${onRecordings.length} turns`);
    if (atTelephones.length < reported.length * MIN_MEASURED_SHARE)
      throw new Error(`only ${atTelephones.length} of ${reported.length} answers were found at the telephones`);
    return {
      n: atTelephones.length,
      figures: {
        turns: atTelephones.length,
        abs_difference_p95_ms: percentile(absolute(atTelephones), 95),
      },
    };
  },
});
