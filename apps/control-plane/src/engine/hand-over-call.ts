// A call that no agent takes: a representative of the organization's choice is rung at once, and who is not reached hears the apology.
import type { AnnouncementStore } from '#ports/announcement-store.ts';
import type { AudioTransport } from '#ports/audio-transport.ts';
import { LegGoneError } from '#ports/call-control.ts';
import type { CallLeg } from '#ports/call-control.ts';
import type { CallOutcome } from '#ports/call-event.ts';
import type { CallJournal } from '#ports/call-journal.ts';
import type { CallRoute } from '#ports/call-routing.ts';
import type { Clock } from '#shared/clock.ts';
import { newId } from '#shared/id.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';
import { untilAborted } from '#shared/waiting.ts';
import { openCallRecord } from './call-record.ts';
import type { CallRecord } from './call-record.ts';
import { SETUP_TIMEOUT_MS, TICK_MS } from './limits.ts';
import { fixedSound } from './playable.ts';
import { Playout } from './playout.ts';
import { recordTold } from './position-teller.ts';
import type { ToldPosition } from './position-teller.ts';

/** As long as after an apology. */
const RING_MS = 30_000;
/** No agent spoke with the caller: there is nothing to tell whoever answers. */
const UNBRIEFED = { brief: Promise.resolve(null), requiresKey: false, onProgress: () => {} };

type HandOver = {
  readonly leg: CallLeg;
  readonly route: CallRoute;
  readonly destination: string | null;
  /** Of a caller who was held before. */
  readonly told?: readonly ToldPosition[];
};
type Parts = { readonly journal: CallJournal; readonly clock: Clock; readonly log: Log; readonly announcements: AnnouncementStore };
type End = { readonly outcome: CallOutcome; readonly reason: string };

/** Settles when the call is over and written down. `destination` null: there is nobody to ring, the caller is only told. */
export async function handOverCall(parts: Parts, { leg, route, destination, told = [] }: HandOver): Promise<void> {
  const { journal, clock, announcements } = parts;
  const { scope, agent } = route;
  const { legId, dialledNumber, callerNumber, recordingPath } = leg;
  const callId = newId('call');
  const started = { callId, at: clock.wallAt(), scope, agentId: agent.agentId, legId, dialledNumber, callerNumber, recordingPath };
  leg.nameCall({ callId, organizationId: scope.organizationId });
  journal.record({ kind: 'call_started', ...started });
  recordTold(journal, { callId, scope }, told);
  const record = openCallRecord({ callId, scope, journal, clock, startedAtMs: leg.arrivedAtMs });
  const gone = new AbortController();
  let playout: Playout | null = null;
  let transport: AudioTransport | null = null;
  const heard = Promise.withResolvers<void>();
  const ticker = setInterval(() => playout?.tick(clock.nowMs()), TICK_MS);
  let end: End = { outcome: 'failed', reason: 'set_up_failed' };
  try {
    leg.listen((event) => event.kind === 'hung_up' && gone.abort(new LegGoneError(`hung up by ${event.by}`)));
    const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(SETUP_TIMEOUT_MS)]);
    transport = await leg.openMedia((event) => event.kind === 'mark_heard' && playout?.markHeard(event.markId, event.atMs), { signal });
    await leg.answer({ signal });
    record.answered(clock.nowMs() - leg.arrivedAtMs);
    const rung = destination === null ? 'nobody' : await ring({ leg, record, route, destination, signal: gone.signal });
    end = endAfter(rung);
    const apology = announcements.find('apology', agent.language);
    if (end.outcome === 'failed' && apology !== null) {
      const listener = (event: { readonly kind: string }) => event.kind === 'reply_finished' && heard.resolve();
      playout = new Playout({ transport, listener, clock });
      playout.play(fixedSound(apology));
      record.note('apology_played');
      await Promise.race([heard.promise, untilAborted(gone.signal)]);
    }
  } catch (error) {
    parts.log.info({ callId, organizationId: scope.organizationId, error: loggableError(error) }, 'a call that no agent takes ended early');
    if (error instanceof LegGoneError || gone.signal.aborted)
      end = { outcome: 'caller_hung_up', reason: 'hung up while a representative was rung' };
  } finally {
    clearInterval(ticker);
    await leg.hangUp();
    await transport?.[Symbol.asyncDispose]();
    record.ended(end.outcome, end.reason);
  }
}

type Ringing = Pick<HandOver, 'leg' | 'route'> & {
  readonly record: CallRecord;
  readonly destination: string;
  readonly signal: AbortSignal;
};

async function ring({ leg, record, route, destination, signal }: Ringing): Promise<string> {
  record.note('transfer_started', { destination });
  const to = { organizationSlug: route.organizationSlug, extension: destination };
  const { kind } = await leg.transfer(to, { ...UNBRIEFED, ringMs: RING_MS, signal });
  record.note('transfer_ended', { outcome: kind });
  return kind;
}

function endAfter(kind: string): End {
  if (kind === 'bridged') return { outcome: 'transferred', reason: 'no agent takes calls, talked to a representative' };
  if (kind === 'caller_gone') return { outcome: 'caller_hung_up', reason: 'hung up while a representative was rung' };
  return { outcome: 'failed', reason: 'no agent takes calls and no representative was reached' };
}
