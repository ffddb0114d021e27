// How well callers and representatives are carried over the network, as Prometheus series: one observation for each direction of each side that was measured.
import type { Registry } from 'prom-client';
import { Histogram } from 'prom-client';
import type { LegMeasurement } from '#ports/call-event.ts';

/** From what nobody hears to what nobody understands. */
const LOSS_BUCKETS = [0.001, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5];
const JITTER_BUCKETS_S = [0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.3];
const ROUND_TRIP_BUCKETS_S = [0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1];
/** 4.3: satisfied, 4: some dissatisfied, 3.6: many, 3.1: nearly all (G.107, Annex B). */
const SCORE_BUCKETS = [1.5, 2, 2.6, 3.1, 3.6, 4, 4.3, 4.5];

/** Registers the series; returns what takes a measurement. `leg` is the direction as the party sees it: `caller_sent` is what we hear. */
export function createQualityMetrics(registers: Registry[]): (measurement: LegMeasurement) => void {
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name, help, buckets, labelNames: ['leg'], registers });
  const loss = histogram('centralita_rtp_loss_ratio', 'Share of packets lost in a call, by party and direction', LOSS_BUCKETS);
  const jitter = histogram('centralita_rtp_jitter_seconds', 'Jitter of a call, by party and direction', JITTER_BUCKETS_S);
  const roundTrip = histogram('centralita_rtp_round_trip_seconds', 'Round trip to a telephone of a call, by party', ROUND_TRIP_BUCKETS_S);
  const score = histogram('centralita_mos', 'Mean opinion score of a call by the E-model, by party and direction', SCORE_BUCKETS);
  const observe = (series: Histogram<'leg'>, leg: string, value: number | null): void => {
    if (value !== null) series.observe({ leg }, value);
  };
  return (measured) => {
    const { leg } = measured;
    observe(loss, `${leg}_sent`, measured.receivedLossRatio);
    observe(loss, `${leg}_heard`, measured.sentLossRatio);
    observe(jitter, `${leg}_sent`, measured.receivedJitterMs / 1_000);
    observe(jitter, `${leg}_heard`, measured.sentJitterMs === null ? null : measured.sentJitterMs / 1_000);
    observe(roundTrip, leg, measured.roundTripMs === null ? null : measured.roundTripMs / 1_000);
    observe(score, `${leg}_sent`, measured.receivedMos);
    observe(score, `${leg}_heard`, measured.sentMos);
  };
}
