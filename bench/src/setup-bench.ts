/** How long a caller waits for the first sound of the agent when ten calls a second come in. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SipCall } from '@centralita/sip-caller/sip-call.ts';
import { BENCH_NUMBER, liveCallStandIns, openBenchRig } from './bench-rig.ts';
import { countOf, leftoversOf } from '@centralita/e2e/leftovers.ts';
import { CALLS_PER_SECOND } from './call-load.ts';
import { runBench } from './harness.ts';
import { percentile } from './percentile.ts';

/** How long a caller stays: the greeting is over, others are in the middle of theirs. */
const STAY_MS = 2_000;
/** A greeting that takes longer counts as none. */
const MAX_WAIT_MS = 5_000;
/** The first calls after a start find a prompt that was never spoken and code that never ran. */
const WARM_UP_CALLS = 10;

/** INVITE -> first sound, ms. Rejects when none comes. */
async function waitForGreeting(call: SipCall, signal: AbortSignal): Promise<number> {
  const atMs = await call.waitForAudio({ signal: AbortSignal.any([signal, AbortSignal.timeout(MAX_WAIT_MS)]) });
  await sleep(STAY_MS, undefined, { signal });
  await call.hangUp();
  return atMs - call.startedAt;
}

await runBench({
  name: 'setup',
  defaults: { calls: 300 },
  reaches: { setup_p50_ms: '<= 120', setup_p95_ms: '<= 250' },
  standIns: liveCallStandIns,
  async run({ options, log, signal }) {
    await using bench = await openBenchRig({ name: 'setup', maxConcurrentCalls: 100 });
    const waits: Promise<number>[] = [];
    const startedAt = performance.now();
    for (let index = 0; index < options.calls + WARM_UP_CALLS; index++) {
      const waitMs = startedAt + (index * 1_000) / CALLS_PER_SECOND - performance.now();
      if (waitMs > 0) await sleep(waitMs, undefined, { signal });
      const call = await bench.caller.call(BENCH_NUMBER, { signal, record: false, from: `bench${index}` });
      waits.push(waitForGreeting(call, signal));
    }
    const settled = await Promise.allSettled(waits);
    const failed = settled.filter((wait) => wait.status === 'rejected');
    if (failed.length > 0) throw new Error(`${failed.length} of ${settled.length} callers heard no greeting`, { cause: failed[0]?.reason });
    const waitsMs = settled.flatMap((wait) => (wait.status === 'fulfilled' ? [wait.value] : []));
    const measured = waitsMs.slice(WARM_UP_CALLS);
    const left = await leftoversOf(bench.rig);
    if (countOf(left) > 0) throw new Error(`the calls left something behind: ${JSON.stringify(left)}`);
    log(
      `first calls after the start: ${waitsMs
        .slice(0, WARM_UP_CALLS)
        .map((ms) => ms.toFixed(0))
        .join(', ')} ms`,
    );
    log(
      `then p50 ${percentile(measured, 50).toFixed(1)}, p95 ${percentile(measured, 95).toFixed(1)}, longest ${percentile(measured, 100).toFixed(1)} ms; nothing left behind`,
    );
    return { n: measured.length, figures: { setup_p50_ms: percentile(measured, 50), setup_p95_ms: percentile(measured, 95) } };
  },
});
