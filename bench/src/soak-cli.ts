/** Hours of calls, and what grows meanwhile: `npm run soak -- --hours 8 --calls 4`. Calls come in waves; memory and descriptors are read between them. */
import { readdir } from 'node:fs/promises';
import { leftoversOf, countOf } from '@centralita/e2e/leftovers.ts';
import { BENCH_NUMBER, liveCallStandIns, openBenchRig } from './bench-rig.ts';
import { hangUpAll, placeCalls, talkAll } from './call-load.ts';
import { callerSentences } from './caller-speech.ts';
import { runBench } from './harness.ts';
import { usageOf } from './process-usage.ts';

/** What a wave lasts: a greeting, two turns, the end. */
const WAVE_MS = 10_000;
/** The first calls fill caches and pools: what grows then is no leak. */
const WARM_SHARE = 0.2;
const PER_CALLS = 2_000;
const MINUTE_MS = 60_000;

/** Memory and descriptors of the control plane with no call up. */
type Look = { readonly calls: number; readonly bytes: number; readonly descriptors: number };

await runBench({
  name: 'soak',
  defaults: { hours: 1, calls: 4 },
  reaches: { rss_slope_percent: '< 5', descriptors_more: '<= 10', left_behind: '= 0' },
  standIns: liveCallStandIns,
  async run({ options, log, signal }) {
    await using bench = await openBenchRig({ name: 'soak', maxConcurrentCalls: options.calls + 2 });
    const sentences = await callerSentences();
    const until = performance.now() + options.hours * 60 * MINUTE_MS;
    const looks: Look[] = [];
    let [placed, leftBehind, toldAtMs] = [0, 0, performance.now()];
    while (performance.now() < until) {
      const calls = await placeCalls({ caller: bench.caller, number: BENCH_NUMBER, calls: options.calls, signal });
      await talkAll(calls, { sentences, periodMs: WAVE_MS / 2, untilMs: performance.now() + WAVE_MS, signal });
      await hangUpAll(calls);
      placed += calls.length;
      leftBehind = Math.max(leftBehind, countOf(await leftoversOf(bench.rig)));
      const look = await lookAt(bench.rig.controlPlane.pid, placed);
      looks.push(look);
      if (performance.now() - toldAtMs < MINUTE_MS) continue;
      toldAtMs = performance.now();
      log(`${placed} calls: ${(look.bytes / 1_048_576).toFixed(0)} MiB, ${look.descriptors} descriptors`);
    }
    const warm = looks.slice(Math.floor(looks.length * WARM_SHARE));
    const first = warm[0];
    if (first === undefined) throw new Error(`--hours ${options.hours}: too short for a wave of calls`);
    return {
      n: placed,
      figures: {
        rss_slope_percent: (100 * PER_CALLS * slopeOf(warm)) / first.bytes,
        descriptors_more: Math.max(...warm.slice(-3).map(({ descriptors }) => descriptors)) - first.descriptors,
        left_behind: leftBehind,
      },
    };
  },
});

async function lookAt(pid: number, calls: number): Promise<Look> {
  const [{ residentBytes }, descriptors] = await Promise.all([usageOf(pid), readdir(`/proc/${pid}/fd`)]);
  return { calls, bytes: residentBytes, descriptors: descriptors.length };
}

/** Bytes for each call, by least squares. */
function slopeOf(looks: readonly Look[]): number {
  const mean = (of: (look: Look) => number): number => looks.reduce((sum, look) => sum + of(look), 0) / looks.length;
  const [x, y] = [mean(({ calls }) => calls), mean(({ bytes }) => bytes)];
  const spread = looks.reduce((sum, { calls }) => sum + (calls - x) ** 2, 0);
  return spread === 0 ? 0 : looks.reduce((sum, { calls, bytes }) => sum + (calls - x) * (bytes - y), 0) / spread;
}
