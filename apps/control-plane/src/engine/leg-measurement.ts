// What a call's journal keeps of how well its caller, and whoever he talked to, was carried.
import type { CallLeg, LegQuality, MeasuredLeg } from '#ports/call-control.ts';
import type { LegMeasurement } from '#ports/call-event.ts';
import type { CallJournal } from '#ports/call-journal.ts';
import type { Clock } from '#shared/clock.ts';
import { meanOpinionScore, ratingOf } from '#shared/e-model.ts';
import type { CallId } from '#shared/id.ts';
import type { OrgScope } from '#shared/org-scope.ts';

/** Writes the quality of both sides of a call that is over; nothing of one that was never measured. */
export function recordQuality(
  { journal, clock }: { readonly journal: CallJournal; readonly clock: Clock },
  { callId, scope, leg }: { readonly callId: CallId; readonly scope: OrgScope; readonly leg: CallLeg },
): void {
  for (const of of LEGS) {
    const quality = leg.quality(of);
    if (quality !== null)
      journal.record({ kind: 'leg_measured', callId, scope, at: clock.wallAt(), measurement: measurementOf(of, quality) });
  }
}

const LEGS: readonly MeasuredLeg[] = ['caller', 'representative'];

/** Both directions with their scores. Half of the round trip is taken for the way to us too. */
export function measurementOf(leg: MeasuredLeg, quality: LegQuality): LegMeasurement {
  const { codec, packetsReceived, packetsSent, receivedLossRatio, receivedJitterMs, reported } = quality;
  const roundTripMs = reported?.roundTripMs ?? null;
  const score = (lossRatio: number, jitterMs: number): number => meanOpinionScore(ratingOf({ codec, lossRatio, jitterMs, roundTripMs }));
  return {
    leg,
    codec,
    packetsReceived,
    packetsSent,
    receivedLossRatio,
    sentLossRatio: reported?.lossRatio ?? null,
    receivedJitterMs,
    sentJitterMs: reported?.jitterMs ?? null,
    roundTripMs,
    receivedMos: score(receivedLossRatio, receivedJitterMs),
    sentMos: reported === null ? null : score(reported.lossRatio, reported.jitterMs),
  };
}
