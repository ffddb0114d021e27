// A leg whose other end is the test: it rings, is answered, presses keys, hangs up.
import type { AudioTransportEvent } from '#ports/audio-transport.ts';
import { LegGoneError } from '#ports/call-control.ts';
import type { CallControl, CallLeg, LegEvent, RejectReason, TransferTarget } from '#ports/call-control.ts';
import type { ManualClock } from './manual-clock.ts';
import { openScriptedAudioTransport } from './scripted-audio-transport.ts';
import type { ScriptedAudioTransport } from './scripted-audio-transport.ts';
import { openScriptedTransfer } from './scripted-transfer.ts';
import type { ScriptedRepresentative, ScriptedTransfer } from './scripted-transfer.ts';
import { scriptedWait } from './scripted-wait.ts';

/** How the leg behaves. */
export type ScriptedLegOptions = {
  readonly clock: ManualClock;
  readonly dialledNumber?: string;
  readonly callerNumber?: string;
  /** Whose phone calls; default null, somebody from outside. */
  readonly callerOrganizationSlug?: string;
  /** How long building the sound takes, and whether it fails then. */
  readonly openMediaAfterMs?: number;
  readonly openMediaFails?: boolean;
  /** How ringing somebody goes; default: nobody answers for a second. `by_hand`: as the test's `representative` does. */
  readonly transfer?: ScriptedTransfer | 'by_hand';
};

/** The scripted leg, with the caller's side of it. */
export type ScriptedCallLeg = CallLeg & {
  /** What became of it. */
  readonly progress: () => 'ringing' | 'answered' | 'rejected' | 'ended';
  readonly rejectedFor: () => RejectReason | null;
  /** Who was rung. */
  readonly transfers: readonly TransferTarget[];
  /** The other end of the last telephone that was rung. Throws before the first. */
  representative(): ScriptedRepresentative;
  /** The sound. Throws before `openMedia` gave it. */
  media(): ScriptedAudioTransport;
  hasOpenMedia(): boolean;
  press(digit: string): void;
  callerHangsUp(): void;
};

const NOBODY: ScriptedTransfer = { outcome: { kind: 'no_answer' }, afterMs: 1_000 };

let legs = 0;

/** A leg that rings now. */
export function openScriptedCallLeg(options: ScriptedLegOptions): ScriptedCallLeg {
  const { clock } = options;
  const gone = new AbortController();
  const transfers: TransferTarget[] = [];
  const events: LegEvent[] = [];
  let tell: ((event: LegEvent) => void) | null = null;
  let progress: 'ringing' | 'answered' | 'rejected' | 'ended' = 'ringing';
  let rejectedFor: RejectReason | null = null;
  let transport: ScriptedAudioTransport | null = null;
  let representative: ScriptedRepresentative | null = null;

  const emit = (event: LegEvent): void => (tell === null ? void events.push(event) : tell(event));
  const finish = (by: 'caller' | 'us'): void => {
    if (gone.signal.aborted) return;
    if (progress !== 'rejected') progress = 'ended';
    emit({ kind: 'hung_up', by, cause: 'Q.850 16', atMs: clock.nowMs() });
    gone.abort(new LegGoneError('the leg ended'));
    transport?.end('hung_up');
  };
  const wait = async (ms: number, signal: AbortSignal): Promise<void> => await scriptedWait(ms, AbortSignal.any([gone.signal, signal]));
  const openMedia = async (listener: (event: AudioTransportEvent) => void, signal: AbortSignal): Promise<ScriptedAudioTransport> => {
    await wait(options.openMediaAfterMs ?? 0, signal);
    if (options.openMediaFails === true) throw new Error('scripted failure of the media channel');
    return (transport = openScriptedAudioTransport(clock, listener));
  };
  const scriptOf = ({ transfer = NOBODY }: ScriptedLegOptions): ScriptedTransfer | null => (transfer === 'by_hand' ? null : transfer);

  return {
    legId: `leg-${++legs}`,
    dialledNumber: options.dialledNumber ?? '100',
    callerNumber: options.callerNumber ?? '5550001',
    callerOrganizationSlug: options.callerOrganizationSlug ?? null,
    recordingPath: null,
    arrivedAtMs: clock.nowMs(),
    progress: () => progress,
    rejectedFor: () => rejectedFor,
    transfers,
    representative() {
      if (representative === null) throw new Error('nobody was rung yet');
      return representative;
    },
    media() {
      if (transport === null) throw new Error('the leg has no sound yet: let openMedia finish first');
      return transport;
    },
    hasOpenMedia: () => transport?.isOpen() ?? false,
    press: (digit) => emit({ kind: 'dtmf', digit, atMs: clock.nowMs() }),
    callerHangsUp: () => finish('caller'),
    listen(listener) {
      tell = listener;
      for (const event of events.splice(0)) listener(event);
    },
    async reject(reason) {
      progress = 'rejected';
      rejectedFor = reason;
      finish('us');
    },
    openMedia: async (listener, { signal }) => await openMedia(listener, signal),
    async answer({ signal }) {
      await wait(0, signal);
      progress = 'answered';
    },
    async transfer(to, request) {
      if (gone.signal.aborted) return { kind: 'caller_gone' };
      transfers.push(to);
      const rung = openScriptedTransfer(request, { script: scriptOf(options), gone: gone.signal, clock });
      representative = rung.representative;
      return await rung.outcome;
    },
    async hangUp() {
      finish('us');
    },
  };
}

/** A telephone system on which calls arrive when the test says so. */
export type ScriptedCallControl = CallControl & { incoming(leg: CallLeg): void };

/** Opens the telephone system. */
export function openScriptedCallControl(): ScriptedCallControl {
  let take: (leg: CallLeg) => void = () => {
    throw new Error('nobody takes calls: onIncomingCall was not called');
  };
  return {
    onIncomingCall: (listener) => (take = listener),
    isConnected: () => true,
    incoming: (leg) => take(leg),
  };
}
