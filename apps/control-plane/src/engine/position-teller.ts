// Tells one caller who is held his place in the line: when he joins it and every so often, so that he knows that he is not forgotten. Without a voice the
// music goes on.
import { concatPcm } from '#audio/frame.ts';
import type { CallLeg } from '#ports/call-control.ts';
import type { CallJournal } from '#ports/call-journal.ts';
import type { CallRoute } from '#ports/call-routing.ts';
import type { TextToSpeech } from '#ports/text-to-speech.ts';
import type { Clock } from '#shared/clock.ts';
import type { CallId } from '#shared/id.ts';
import type { Log } from '#shared/log.ts';
import { orAborted } from '#shared/waiting.ts';
import { MAX_POSITION_MS } from './limits.ts';
import { positionWords } from './position-words.ts';
import type { SlotQueue } from './slot-queue.ts';
import { speakWhole } from './whole-speech.ts';

/** What a caller was told while he was held. */
export type ToldPosition = {
  readonly position: number;
  readonly at: Date;
  /** How long he had waited by then. */
  readonly waitedMs: number;
  /** Whether it was played to its end. */
  readonly isHeard: boolean;
};

/** The telling of one caller. */
export type PositionTeller = {
  /** Where he stands among his organization's callers, 1 for the next; said at every change and now and then, from the moment he is held. */
  place(position: number): void;
  /** Nothing more is told; what is being played ends with the hold. Settles when nothing is under way. */
  stop(): Promise<void>;
  /** In order. */
  told(): readonly ToldPosition[];
};

export type PositionTellerParts = {
  readonly leg: Pick<CallLeg, 'playOnHold'>;
  readonly route: Pick<CallRoute, 'agent' | 'scope'>;
  readonly textToSpeech: TextToSpeech;
  readonly clock: Clock;
  readonly log: Log;
  /** From the beginning of what is told until the beginning of the next. */
  readonly everyMs: number;
  /** Of the whole process: so many callers are told at the same time, the others wait, in turns of their organizations, and are told their latest place. */
  readonly slots: SlotQueue;
};

export function openPositionTeller(parts: PositionTellerParts): PositionTeller {
  const { leg, clock, log, everyMs, slots } = parts;
  const sinceMs = clock.nowMs();
  const over = new AbortController();
  const { signal } = over;
  const told: ToldPosition[] = [];
  let position = 0;
  let hasHeard = false;
  let triedAtMs: number | null = null;
  let telling: Promise<void> | null = null;

  /** Callers ahead of him may leave while it is made: a number that is not true any more is made again, and numbers only fall. */
  const make = async (): Promise<{ readonly position: number; readonly pcm: Int16Array }> => {
    for (;;) {
      const made = position;
      const speech = positionWords(made, { agent: parts.route.agent, isFirst: !hasHeard });
      const chunks = await orAborted(speakWhole(parts.textToSpeech, speech, { maxMs: MAX_POSITION_MS, signal }), signal);
      if (made === position) return { position: made, pcm: concatPcm(chunks) };
    }
  };
  const tell = async (): Promise<void> => {
    const { organizationId } = parts.route.scope;
    using slot = await slots.take({ organizationId, isFirst: !hasHeard }, signal);
    if (slot === null) return;
    try {
      triedAtMs = clock.nowMs();
      const made = await make();
      triedAtMs = clock.nowMs();
      const began = { position: made.position, at: clock.wallAt(), waitedMs: Math.round(triedAtMs - sinceMs) };
      const isHeard = await leg.playOnHold(made.pcm, { signal });
      told.push({ ...began, isHeard });
      hasHeard ||= isHeard;
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error, position }, 'a caller on hold could not be told his place, the music goes on');
    }
  };
  return {
    told: () => told,
    place(now) {
      position = now;
      const isDue = triedAtMs === null || clock.nowMs() - triedAtMs >= everyMs;
      if (!isDue || telling !== null || signal.aborted) return;
      telling = tell().finally(() => (telling = null));
    },
    async stop() {
      over.abort(new Error('the wait is over'));
      await telling;
    },
  };
}

/** Writes down what was told, once the journal knows the call. */
export function recordTold(
  journal: CallJournal,
  { callId, scope }: { readonly callId: CallId; readonly scope: CallRoute['scope'] },
  told: readonly ToldPosition[],
): void {
  for (const { at, position, waitedMs, isHeard } of told)
    journal.record({ kind: 'note', callId, scope, at, name: 'position_told', fields: { position, waitedMs, heard: isHeard } });
}
