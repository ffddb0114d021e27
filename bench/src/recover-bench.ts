/** What callers notice when the control plane is killed under them, again and again: nothing but a short silence and a "sorry, go on". */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Rig } from '@centralita/e2e/rig.ts';
import { openBenchRig } from './bench-rig.ts';
import { hangUpAll, placeCalls } from './call-load.ts';
import { runBench } from './harness.ts';
import { percentile } from './percentile.ts';
import { askingAgent, slotOf } from './recover-agent.ts';
import { giveAgain, giveDigit, longestHole, lostSlots } from './recover-callers.ts';
import type { RecoverCaller } from './recover-callers.ts';

const NUMBER = '4002';
/** Callers press one after the other within this time, so that a crash meets each of them at another point. */
const SPREAD_MS = 3_000;
/** The first packets before the kill that a hole may begin with. */
const BEFORE_MS = 100;
const TAKEN_UP_MS = 60_000;
const WRITTEN_MS = 5_000;

await runBench({
  name: 'recover',
  defaults: { calls: 50, kills: 10 },
  reaches: { calls_dropped: '0', media_gap_p95_ms: '<= 2000', slots_lost: '0', turns_missing: '0' },
  standIns: [
    'the agent follows a flow; its voice is noise from a model in a process of its own, after 80 ms',
    'callers press keys over SIP and RTP in the process of the bench, on the same machine as Asterisk, PostgreSQL and the control plane, which are real',
    'the supervisor is the bench: it starts the control plane again as soon as it is dead',
  ],
  async run({ options, log, random, signal }) {
    const { calls, kills } = options;
    await using bench = await openBenchRig({
      name: 'recover',
      maxConcurrentCalls: calls + 10,
      ownAgents: { [NUMBER]: askingAgent(kills) },
    });
    const { rig, database } = bench;
    const since = new Date();
    const placed = await placeCalls({ caller: bench.caller, number: NUMBER, calls, signal });
    const callers = placed.map((call, index): RecoverCaller => ({ name: `bench${index}`, call, given: new Map() }));
    const dropped = new Set<string>();
    for (const { name, call } of callers) void call.ended.then((end) => end.kind !== 'hung_up_by_us' && dropped.add(name));
    log(`${placed.length} calls are up`);
    const gaps: number[] = [];
    let lost = 0;
    for (let round = 0; round < kills; round++) {
      let crashedAtMs: number | null = null;
      const giving = callers.map(async (caller, index) => {
        await sleep((index * SPREAD_MS) / callers.length, undefined, { signal });
        if (crashedAtMs === null) await giveDigit(caller, { round, random, crashedAtMs: () => crashedAtMs });
      });
      await sleep(SPREAD_MS * (0.5 + random()), undefined, { signal });
      const killedAtMs = (crashedAtMs = performance.now());
      await rig.controlPlane.stop('SIGKILL', 1_000);
      await rig.startControlPlane();
      await untilTakenUp(rig, calls - dropped.size);
      const readyMs = performance.now() - killedAtMs;
      await Promise.all(giving);
      const before = callers.filter(({ given }) => given.has(slotOf(round))).length;
      const unanswered = await giveAgain(callers, { database, round, random });
      const held = callers.map(({ call }) => longestHole(call, killedAtMs - BEFORE_MS));
      gaps.push(...held);
      const missing = await lostSlots(database, callers, WRITTEN_MS);
      for (const words of missing) log(`lost: ${words}`);
      lost = Math.max(lost, missing.length + unanswered);
      log(
        `kill ${round + 1}: sound back after ${percentile(held, 50).toFixed(0)} ms (p95 ${percentile(held, 95).toFixed(0)}, longest ${Math.max(...held).toFixed(0)}), all calls taken up after ${readyMs.toFixed(0)} ms, ${before} answers heard before it and ${calls - before - unanswered} after it, ${dropped.size} calls dropped`,
      );
    }
    await hangUpAll(placed);
    const journal = await bench.journal.endedSince(since, { signal });
    const cut = journal.filter(({ call }) => call.outcome !== 'caller_hung_up');
    for (const { call } of cut) log(`ended as ${call.outcome}: ${call.reason}`);
    const missingTurns = journal.filter(({ turns }) => turns.some(({ seq }, index) => seq !== index)).length;
    return {
      n: calls * kills,
      figures: {
        calls_dropped: Math.max(dropped.size, cut.length, Math.abs(journal.length - calls)),
        media_gap_p95_ms: percentile(gaps, 95),
        slots_lost: lost,
        turns_missing: missingTurns,
      },
    };
  },
});

async function untilTakenUp(rig: Rig, calls: number): Promise<void> {
  const deadline = performance.now() + TAKEN_UP_MS;
  for (;;) {
    const live = (await rig.admin('/admin/live-calls')) as { calls: unknown[] };
    if (live.calls.length >= calls) return;
    if (performance.now() > deadline) throw new Error(`${live.calls.length} of ${calls} calls were taken up within ${TAKEN_UP_MS} ms`);
    await sleep(100);
  }
}
