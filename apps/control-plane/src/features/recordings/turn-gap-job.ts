// The work after a call that keeps us honest: reads its recording and stores how long the caller really waited for each answer, beside what we timed.
import { z } from 'zod';
import type { JobHandler } from '#features/jobs/job-queue-store.ts';
import { FinalJobError } from '#features/jobs/job-queue-store.ts';
import type { RecordingStorage } from '#ports/recording-storage.ts';
import type { HeardGap } from './heard-gaps.ts';
import { heardGaps } from './heard-gaps.ts';
import { NotStereoError, readRecordedSound } from './recorded-sound.ts';
import type { RecordingLoss, TurnGapMetrics } from './turn-gap-metrics.ts';
import type { MeasurableCall, TurnGapStore } from './turn-gap-store.ts';
import { insertTurnGaps } from './turn-gap-store.ts';

export type TurnGapJobParts = {
  readonly turnGaps: TurnGapStore;
  /** Null where no recordings are made. */
  readonly recordings: RecordingStorage | null;
  readonly metrics: TurnGapMetrics;
};

/** Four hours of sound are read in about 10 s. */
const TIMEOUT_MS = 60_000;
/** The sides are joined when the call is over; a recording that is not there at this attempt (half a minute later) never comes. */
const LAST_LOOK = 5;
/** The recorder leaves out pieces of 20 ms where a side has none; seconds are another matter. */
const CUT_SHORT_MS = 5_000;

const payloadSchema = z.object({ callId: z.string() });

export function createTurnGapJob({ turnGaps, recordings, metrics }: TurnGapJobParts): JobHandler {
  return {
    kind: 'turn_gaps',
    timeoutMs: TIMEOUT_MS,
    async run({ scope, payload, attempt }, { signal, log }) {
      const parsed = payloadSchema.safeParse(payload);
      if (!parsed.success) throw new FinalJobError('the job names no call');
      const { callId } = parsed.data;
      const call = await turnGaps.find(scope, callId);
      if (!call || !call.wasAnswered || call.recordingPath === null || recordings === null) return async () => {};
      const measured = await measure({ recordings, call, signal }).catch((error: unknown) => {
        if (!(error instanceof NotStereoError)) throw error;
        return { gaps: [], lengthMs: 0 };
      });
      if (measured === null && attempt < LAST_LOOK) throw new Error('the recording is not there yet');
      const how = lossOf(call, measured);
      if (how !== null) {
        log.warn({ callId, how, lengthMs: measured?.lengthMs ?? null }, 'the recording of a call is lost or not whole: is the disk full?');
        metrics.lost(how);
      }
      const gaps = measured?.gaps ?? [];
      return async (queries) => {
        await insertTurnGaps(queries, scope, { callId, gaps });
        for (const { seq, heardGapMs } of gaps)
          metrics.measured({ heardGapMs, gapMs: call.turns.find((turn) => turn.seq === seq)?.gapMs ?? null });
      };
    },
  };
}

type Measuring = { readonly recordings: RecordingStorage; readonly call: MeasurableCall; readonly signal: AbortSignal };

type Measured = { readonly gaps: readonly HeardGap[]; readonly lengthMs: number };

/** What is missing of a recording; null when it is whole. */
function lossOf({ turns }: MeasurableCall, measured: Measured | null): RecordingLoss | null {
  if (measured === null) return 'missing';
  if (measured.lengthMs === 0) return 'empty';
  const [first, last] = [turns.at(0), turns.at(-1)];
  const talkedMs = first && last ? last.endedAt.getTime() - first.startedAt.getTime() : 0;
  return measured.lengthMs < talkedMs - CUT_SHORT_MS ? 'cut_short' : null;
}

/** Null when there is no recording. */
async function measure({ recordings, call, signal }: Measuring): Promise<Measured | null> {
  await using recording = await recordings.open(call.recordingPath ?? '');
  if (recording === null) return null;
  const turns = call.turns.map(({ startedAt, endedAt, ...turn }) => ({
    ...turn,
    startedAtMs: startedAt.getTime(),
    endedAtMs: endedAt.getTime(),
  }));
  const sound = await readRecordedSound(recording, { signal });
  return { gaps: heardGaps(turns, sound), lengthMs: sound.lengthMs };
}
