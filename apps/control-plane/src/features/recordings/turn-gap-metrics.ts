// Whether the latency that we report is the latency that is heard, as Prometheus series.
import type { Registry } from 'prom-client';
import { Histogram } from 'prom-client';

/** What takes a gap that was measured on a recording. */
export type TurnGapMetrics = {
  measured(gap: { readonly heardGapMs: number; readonly gapMs: number | null }): void;
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
  return {
    measured({ heardGapMs, gapMs }) {
      heard.observe(heardGapMs / 1_000);
      if (gapMs !== null) difference.observe(Math.abs(gapMs - heardGapMs) / 1_000);
    },
  };
}
