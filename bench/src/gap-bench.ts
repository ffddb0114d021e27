/** The silence between a caller's last word and the agent's first, as both are on the stereo recording, beyond the pause that the agent is told to wait. */
import { stretchesOf } from '@centralita/control-plane/audio/audible-sound.ts';
import { benchConversation } from './bench-agent.ts';
import { BENCH_NUMBER, liveCallStandIns, openBenchRig } from './bench-rig.ts';
import { hangUpAll, placeCalls, talkAll } from './call-load.ts';
import { callerSentences } from './caller-speech.ts';
import { runBench } from './harness.ts';
import { percentile } from './percentile.ts';
import { readStereoRecording } from '@centralita/e2e/recording.ts';
import type { StereoRecording } from '@centralita/e2e/recording.ts';

const PERIOD_MS = 5_000;
const RECORDING_HZ = 8_000;
/** Words of a sentence are nearer to each other than this; sentences and replies are not. */
const JOIN_MS = 400;
/** An answer later than this is none. */
const MAX_GAP_MS = 2_500;

type Gaps = { readonly gapsMs: readonly number[]; readonly sentences: number };

/** From the last audible sample of each of the caller's sentences to the first of the agent's that follows. */
function gapsOf(recording: StereoRecording, sentenceMs: number): Gaps {
  const replies = stretchesOf(recording.agent, { hz: RECORDING_HZ, joinMs: JOIN_MS });
  // Whatever is shorter than half a sentence is none of ours.
  const sentences = stretchesOf(recording.caller, { hz: RECORDING_HZ, joinMs: JOIN_MS }).filter(
    ({ startMs, endMs }) => endMs - startMs > sentenceMs / 2,
  );
  const gapsMs = sentences.flatMap(({ endMs }) => {
    const reply = replies.find(({ startMs }) => startMs >= endMs);
    return reply && reply.startMs - endMs <= MAX_GAP_MS ? [reply.startMs - endMs] : [];
  });
  return { gapsMs, sentences: sentences.length };
}

await runBench({
  name: 'gap',
  defaults: { calls: 4, seconds: 90 },
  reaches: { gap_over_commit_p50_ms: '<= 60' },
  standIns: liveCallStandIns,
  async run({ options, log, signal }) {
    await using bench = await openBenchRig({ name: 'gap', maxConcurrentCalls: options.calls + 2 });
    const sentences = await callerSentences();
    const since = new Date();
    const placed = await placeCalls({ caller: bench.caller, number: BENCH_NUMBER, calls: options.calls, signal });
    const untilMs = performance.now() + options.seconds * 1_000;
    // Offsets that are no whole number of frames, so that sentences end at every point of a frame.
    await talkAll(placed, { sentences, periodMs: PERIOD_MS + 7, firstAfterMs: 1_500, untilMs, signal });
    await hangUpAll(placed);
    const calls = await bench.journal.endedSince(since, { signal });
    const shortestMs = Math.min(...sentences.map((pcm) => pcm.length / 8));
    const found: Gaps[] = [];
    for (const { call } of calls)
      if (call.recordingPath !== null) found.push(gapsOf(await readStereoRecording(call.recordingPath), shortestMs));
    const gapsMs = found.flatMap((gaps) => gaps.gapsMs);
    const said = found.reduce((sum, gaps) => sum + gaps.sentences, 0);
    const overMs = gapsMs.map((gap) => gap - benchConversation.commitPauseMs);
    const at = (percent: number) => percentile(overMs, percent).toFixed(1);
    log(`${gapsMs.length} of ${said} sentences answered within ${MAX_GAP_MS} ms; commit pause ${benchConversation.commitPauseMs} ms`);
    log(`gap beyond the commit pause: p5 ${at(5)}, p50 ${at(50)}, p95 ${at(95)}, longest ${at(100)} ms`);
    if (gapsMs.length < said * 0.95) throw new Error(`${said - gapsMs.length} of ${said} sentences had no answer on the recording`);
    return { n: gapsMs.length, figures: { gap_over_commit_p50_ms: percentile(overMs, 50) } };
  },
});
