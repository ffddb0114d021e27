/** How fast the agent falls silent when a caller interrupts, and whether it stays silent. */
import type { SipCall } from '@centralita/sip-caller/sip-call.ts';
import { AUDIBLE_DBFS } from '@centralita/sip-caller/rtp-timeline.ts';
import { BENCH_NUMBER, liveCallStandIns, openBenchRig } from './bench-rig.ts';
import { hangUpAll, placeCalls, talkAll } from './call-load.ts';
import { callerSentences } from './caller-speech.ts';
import { runBench } from './harness.ts';
import type { JournalledCall } from './journal-reader.ts';
import { percentile } from './percentile.ts';

/** A sentence of 2 s and a pause answered by a reply of 10 s, interrupted by the next sentence 2 s later. */
const PERIOD_MS = 4_500;
const LONG_REPLY =
  'Respuesta número {n}, que es muy larga para que haya tiempo de sobra de interrumpirla mientras el agente la está diciendo todavía por el teléfono.';
const PACKET_MS = 20;

type Stop = { readonly stopMs: number; readonly staleMs: number };

/** Audible packets of a call as instants of Unix time, ms. */
function audibleAt(call: SipCall): number[] {
  const { arrivedAt, levelDbfs } = call.received();
  return arrivedAt.flatMap((atMs, index) => ((levelDbfs[index] as number) >= AUDIBLE_DBFS ? [performance.timeOrigin + atMs] : []));
}

/** Every interruption of a call: from its confirmation to the last audible packet, and what sounded between that silence and the next reply. */
function stopsOf(journalled: JournalledCall, packets: readonly number[]): Stop[] {
  return journalled.notes.flatMap((note) => {
    if (note.name !== 'barge_in') return [];
    const confirmedAt = note.at.getTime();
    const nextReply = journalled.turns.find((turn) => turn.role === 'agent' && turn.startedAt.getTime() > confirmedAt);
    if (nextReply === undefined) return [];
    const after = packets.filter((atMs) => atMs > confirmedAt && atMs < nextReply.startedAt.getTime());
    // The first stretch without a gap is the sound that was still on its way; whatever comes behind a gap is stale.
    let last = confirmedAt;
    let stale = 0;
    let isSilent = false;
    for (const atMs of after) {
      if (atMs - last > 2.5 * PACKET_MS) isSilent = true;
      if (isSilent) stale += PACKET_MS;
      else last = atMs;
    }
    return [{ stopMs: last - confirmedAt, staleMs: stale }];
  });
}

await runBench({
  name: 'barge',
  defaults: { calls: 4, seconds: 80 },
  reaches: { barge_stop_p95_ms: '<= 60', stale_audio_ms: '= 0' },
  standIns: liveCallStandIns,
  async run({ options, log, signal }) {
    await using bench = await openBenchRig({ name: 'barge', maxConcurrentCalls: options.calls + 2, models: { reply: LONG_REPLY } });
    const sentences = await callerSentences();
    const since = new Date();
    const placed = await placeCalls({ caller: bench.caller, number: BENCH_NUMBER, calls: options.calls, signal });
    const untilMs = performance.now() + options.seconds * 1_000;
    await talkAll(placed, { sentences, periodMs: PERIOD_MS + 7, firstAfterMs: 1_500, untilMs, signal });
    const packets = new Map(placed.map((call, index) => [`bench${index}`, audibleAt(call)]));
    await hangUpAll(placed);
    const calls = await bench.journal.endedSince(since, { signal });
    const stops = calls.flatMap((journalled) => stopsOf(journalled, packets.get(journalled.call.callerNumber) ?? []));
    const stopMs = stops.map((stop) => stop.stopMs);
    const stale = stops.reduce((sum, stop) => sum + stop.staleMs, 0);
    log(
      `${stops.length} interruptions: last sound p50 ${percentile(stopMs, 50).toFixed(1)}, p95 ${percentile(stopMs, 95).toFixed(1)}, longest ${percentile(stopMs, 100).toFixed(1)} ms after the confirmation; ${stale} ms of sound after that`,
    );
    return { n: stops.length, figures: { barge_stop_p95_ms: percentile(stopMs, 95), stale_audio_ms: stale } };
  },
});
