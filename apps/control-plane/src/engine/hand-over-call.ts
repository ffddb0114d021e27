// A call that no agent takes: a representative of the organization's choice is rung at once, and who is not reached hears the apology.
import type { AnnouncementStore } from '#ports/announcement-store.ts';
import type { AudioTransport } from '#ports/audio-transport.ts';
import { LegGoneError } from '#ports/call-control.ts';
import type { CallLeg, LegEvent } from '#ports/call-control.ts';
import type { CallRoute } from '#ports/call-routing.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';
import { untilAborted } from '#shared/waiting.ts';
import type { CallRecord } from './call-record.ts';
import { endOfLeg } from './leg-end.ts';
import type { CallEnd } from './leg-end.ts';
import { SETUP_TIMEOUT_MS } from './limits.ts';
import { fixedSound } from './playable.ts';
import { Playout } from './playout.ts';
import type { RunningCall } from './running-calls.ts';

/** As long as after an apology. */
const RING_MS = 30_000;
/** No agent spoke with the caller: there is nothing to tell whoever answers. */
const UNBRIEFED = { brief: Promise.resolve(null), requiresKey: false, onProgress: () => {} };

/** What the call is made of. */
export type HandOverParts = {
  readonly leg: CallLeg;
  readonly route: CallRoute;
  /** Null: there is nobody to ring, the caller is only told. */
  readonly destination: string | null;
  readonly record: CallRecord;
  readonly announcements: AnnouncementStore;
  readonly clock: Clock;
  readonly log: Log;
};

export function openHandOver(parts: HandOverParts): RunningCall {
  const { leg, record, log } = parts;
  const over = new AbortController();
  const sound = openSound(parts, over.signal);
  /** An end that is not what the ringing came to. */
  let ended: CallEnd | null = null;
  /** The end of a leg that the caller did not hang up: what the ringing came to looks like it. */
  let lineDead: CallEnd | null = null;
  const onLeg = (event: LegEvent): void => {
    if (event.kind !== 'hung_up') return;
    // Whether the two talked is not ours to write any more.
    if (event.by === 'taken_over') ended ??= endOfLeg(event);
    else if (event.by !== 'caller') lineDead = endOfLeg(event);
    over.abort(new LegGoneError(`hung up by ${event.by}`));
  };
  return {
    tick: sound.tick,
    end(outcome, reason) {
      ended ??= { outcome, reason };
      over.abort(new Error(reason));
    },
    async run() {
      let end: CallEnd = { outcome: 'failed', reason: 'set_up_failed' };
      try {
        leg.listen(onLeg);
        await sound.open();
        end = endAfter(await ring(parts, over.signal));
        if (end.outcome === 'failed') await sound.apologise();
      } catch (error) {
        log.info({ error: loggableError(error) }, 'a call that no agent takes ended early');
        if (over.signal.aborted) end = { outcome: 'caller_hung_up', reason: 'hung up while a representative was rung' };
      }
      // What ends it from here on is its own end.
      end = ended ?? (end.outcome === 'caller_hung_up' ? (lineDead ?? end) : end);
      try {
        await leg.hangUp();
        await sound[Symbol.asyncDispose]();
      } finally {
        record.ended(end.outcome, end.reason);
      }
    },
  };
}

/** The caller's sound, in which nothing but the apology is ever heard. */
function openSound({ leg, route, record, announcements, clock }: HandOverParts, over: AbortSignal) {
  let transport: AudioTransport | null = null;
  let playout: Playout | null = null;
  return {
    tick: (atMs: number): void => playout?.tick(atMs),
    /** Builds it and answers the leg. */
    async open(): Promise<void> {
      const signal = AbortSignal.any([over, AbortSignal.timeout(SETUP_TIMEOUT_MS)]);
      transport = await leg.openMedia((event) => event.kind === 'mark_heard' && playout?.markHeard(event.markId, event.atMs), { signal });
      await leg.answer({ signal });
      record.answered(clock.nowMs() - leg.arrivedAtMs);
    },
    /** Settles when it was heard to its end, or the call is over. */
    async apologise(): Promise<void> {
      const apology = announcements.find('apology', route.agent.language);
      if (apology === null || transport === null) return;
      const heard = Promise.withResolvers<void>();
      const listener = (event: { readonly kind: string }) => event.kind === 'reply_finished' && heard.resolve();
      playout = new Playout({ transport, listener, clock });
      playout.play(fixedSound(apology));
      record.note('apology_played');
      await Promise.race([heard.promise, untilAborted(over)]);
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await transport?.[Symbol.asyncDispose]();
    },
  };
}

async function ring({ leg, record, route, destination }: HandOverParts, signal: AbortSignal): Promise<string> {
  if (destination === null) return 'nobody';
  record.note('transfer_started', { destination });
  const to = { organizationSlug: route.organizationSlug, extension: destination };
  const { kind } = await leg.transfer(to, { ...UNBRIEFED, ringMs: RING_MS, signal });
  record.note('transfer_ended', { outcome: kind });
  return kind;
}

function endAfter(kind: string): CallEnd {
  if (kind === 'bridged') return { outcome: 'transferred', reason: 'no agent takes calls, talked to a representative' };
  if (kind === 'caller_gone') return { outcome: 'caller_hung_up', reason: 'hung up while a representative was rung' };
  return { outcome: 'failed', reason: 'no agent takes calls and no representative was reached' };
}
