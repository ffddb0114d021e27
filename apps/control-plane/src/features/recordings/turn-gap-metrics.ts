// Whether the latency that we report is the latency that is heard, as Prometheus series.
import type { Registry } from 'prom-client';
import { Counter, Histogram } from 'prom-client';

/** How a recording was lost: there is none, it holds no sound, or its end is missing. */
export const recordingLosses = ['missing', 'empty', 'cut_short'] as const;
export type RecordingLoss = (typeof recordingLosses)[number];

/** What takes what recordings showed. */
export type TurnGapMetrics = {
  /** A gap that was measured on one. */
  measured(gap: { readonly heardGapMs: number; readonly gapMs: number | null }): void;
  lost(how: RecordingLoss): void;
};

const GAP_BUCKETS_S = [0.3, 0.5, 0.6, 0.7, 0.8, 1, 1.2, 1.5, 2, 3, 5, 10];
/** From one sample of the recording to a whole word. */
const DIFFERENCE_BUCKETS_S = [0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5];

export function createTurnGapMetrics(registry: Registry): TurnGapMetrics {
  const registers = [registry];
  const heard = new Histogram({
    name: 'centralita_turn_gap_heard_seconds',
    help: "Silence from the caller's last sound to the answer's first, measured on the call's recording",
    buckets: GAP_BUCKETS_S,
    registers,
  });
  const difference = new Histogram({
    name: 'centralita_turn_gap_difference_seconds',
    help: 'Between the silence that we timed during the call and the one on its recording, either way',
    buckets: DIFFERENCE_BUCKETS_S,
    registers,
  });
  const lost = new Counter({
    name: 'centralita_recordings_lost_total',
    help: 'Recordings of answered calls that were to be made and are not whole',
    labelNames: ['how'],
    registers,
  });
  for (const how of recordingLosses) lost.inc({ how }, 0);
  return {
    lost: (how) => lost.inc({ how }),
    measured({ heardGapMs, gapMs }) {
      heard.observe(heardGapMs / 1_000);
      if (gapMs !== null) difference.observe(Math.abs(gapMs - heardGapMs) / 1_000);
    },
  };
}
