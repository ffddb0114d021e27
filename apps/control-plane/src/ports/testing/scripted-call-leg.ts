// A leg whose other end is the test: it rings, is answered, presses keys, hangs up.
import { durationMs } from '#audio/frame.ts';
import type { AudioTransportEvent } from '#ports/audio-transport.ts';
import { LegGoneError } from '#ports/call-control.ts';
import type {
  CallControl,
  CallLeg,
  LegEndedBy,
  LegEvent,
  LegQuality,
  MeasuredLeg,
  RejectReason,
  SurvivingLeg,
  TransferOutcome,
  TransferRequest,
  TransferTarget,
} from '#ports/call-control.ts';
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
  /** Builds that succeed before every other one fails. */
  readonly openMediaFailsAfter?: number;
  /** What is known of its quality; default: nothing. */
  readonly quality?: { readonly [Side in MeasuredLeg]?: LegQuality };
  /** How ringing somebody goes; default: nobody answers for a second. `by_hand`: as the test's `representative` does. */
  readonly transfer?: ScriptedTransfer | 'by_hand';
};

/** The scripted leg, with the caller's side of it. */
export type ScriptedCallLeg = CallLeg & {
  /** What became of it. */
  readonly progress: () => 'ringing' | 'held' | 'answered' | 'rejected' | 'ended';
  readonly rejectedFor: () => RejectReason | null;
  /** Who was rung. */
  readonly transfers: readonly TransferTarget[];
  /** The other end of the last telephone that was rung. Throws before the first. */
  representative(): ScriptedRepresentative;
  /** The sound. Throws before `openMedia` gave it. */
  media(): ScriptedAudioTransport;
  hasOpenMedia(): boolean;
  press(digit: string): void;
  /** The sounds that were begun in place of the music. */
  readonly playedOnHold: readonly { readonly pcm: Int16Array; readonly atMs: number }[];
  callerHangsUp(): void;
  /** The leg ends by somebody else than the two on it. */
  ends(by: LegEndedBy, cause: string): void;
  /** The language that was written onto it. */
  readonly keptLanguage: () => string | null;
};

const NOBODY: ScriptedTransfer = { outcome: { kind: 'no_answer' }, afterMs: 1_000 };

let legs = 0;

/** A leg that rings now. */
export function openScriptedCallLeg(options: ScriptedLegOptions): ScriptedCallLeg {
  const { clock } = options;
  const gone = new AbortController();
  const { emit, listen } = openLegEvents();
  let progress: 'ringing' | 'held' | 'answered' | 'rejected' | 'ended' = 'ringing';
  let rejectedFor: RejectReason | null = null;
  let arrivedAtMs = clock.nowMs();
  let keptLanguage: string | null = null;

  const finish = (by: LegEndedBy, cause = 'Q.850 16'): void => {
    if (gone.signal.aborted) return;
    if (progress !== 'rejected') progress = 'ended';
    emit({ kind: 'hung_up', by, cause, atMs: clock.nowMs() });
    gone.abort(new LegGoneError('the leg ended'));
    endMedia();
  };
  const wait = async (ms: number, signal: AbortSignal): Promise<void> => await scriptedWait(ms, AbortSignal.any([gone.signal, signal]));
  const { end: endMedia, ...media } = openScriptedMedia(options, wait);
  const onHold = openScriptedHold({ clock, gone: gone.signal, wait });

  return {
    ...whoCalls(options),
    ...media,
    ...openScriptedRinging(options, gone.signal),
    get arrivedAtMs() {
      return arrivedAtMs;
    },
    progress: () => progress,
    rejectedFor: () => rejectedFor,
    press: (digit) => emit({ kind: 'dtmf', digit, atMs: clock.nowMs() }),
    callerHangsUp: () => finish('caller'),
    ends: finish,
    keptLanguage: () => keptLanguage,
    keepLanguage: (language) => (keptLanguage = language),
    nameCall: () => undefined,
    listen,
    async reject(reason) {
      progress = 'rejected';
      rejectedFor = reason;
      finish('us');
    },
    async answer({ signal }) {
      await wait(0, signal);
      progress = 'answered';
    },
    quality: (of) => options.quality?.[of] ?? null,
    async hold() {
      progress = 'held';
      arrivedAtMs = Number.POSITIVE_INFINITY;
      await onHold.begin();
    },
    async endHold() {
      if (progress === 'held') arrivedAtMs = clock.nowMs();
      onHold.end();
    },
    playedOnHold: onHold.played,
    playOnHold: async (pcm, { signal }) => progress === 'held' && (await onHold.play(pcm, signal)),
    async hangUp() {
      finish('us');
    },
  };
}

type Wait = (ms: number, signal: AbortSignal) => Promise<void>;

function whoCalls({ dialledNumber = '100', callerNumber = '5550001', callerOrganizationSlug }: ScriptedLegOptions) {
  return {
    legId: `leg-${++legs}`,
    dialledNumber,
    callerNumber,
    callerOrganizationSlug: callerOrganizationSlug ?? null,
    recordingPath: null,
  };
}

/** Events wait for whoever listens. */
function openLegEvents() {
  const waiting: LegEvent[] = [];
  let tell: ((event: LegEvent) => void) | null = null;
  return {
    emit: (event: LegEvent): void => (tell === null ? void waiting.push(event) : tell(event)),
    listen: (listener: (event: LegEvent) => void): void => {
      tell = listener;
      for (const event of waiting.splice(0)) listener(event);
    },
  };
}

/** The leg's sound, built as often as it is asked for and as the script lets it. */
function openScriptedMedia(options: ScriptedLegOptions, wait: Wait) {
  const { clock, openMediaAfterMs = 0, openMediaFails = false, openMediaFailsAfter = Infinity } = options;
  let transport: ScriptedAudioTransport | null = null;
  let built = 0;
  return {
    media(): ScriptedAudioTransport {
      if (transport === null) throw new Error('the leg has no sound yet: let openMedia finish first');
      return transport;
    },
    hasOpenMedia: (): boolean => transport?.isOpen() ?? false,
    async openMedia(listener: (event: AudioTransportEvent) => void, { signal }: { signal: AbortSignal }): Promise<ScriptedAudioTransport> {
      await wait(openMediaAfterMs, signal);
      built += 1;
      if (openMediaFails || built > openMediaFailsAfter) throw new Error('scripted failure of the media channel');
      return (transport = openScriptedAudioTransport(clock, listener));
    },
    end: (): void => transport?.end('hung_up'),
  };
}

/** Whom the leg was put through to, and the last of those who were rung. */
function openScriptedRinging({ clock, transfer = NOBODY }: ScriptedLegOptions, gone: AbortSignal) {
  const transfers: TransferTarget[] = [];
  let representative: ScriptedRepresentative | null = null;
  return {
    transfers,
    representative(): ScriptedRepresentative {
      if (representative === null) throw new Error('nobody was rung yet');
      return representative;
    },
    async transfer(to: TransferTarget, request: TransferRequest): Promise<TransferOutcome> {
      if (gone.aborted) return { kind: 'caller_gone' };
      transfers.push(to);
      const rung = openScriptedTransfer(request, { script: transfer === 'by_hand' ? null : transfer, gone, clock });
      representative = rung.representative;
      return await rung.outcome;
    },
  };
}

/** Music on hold, and what is said over it. */
function openScriptedHold({ clock, gone, wait }: { readonly clock: ManualClock; readonly gone: AbortSignal; readonly wait: Wait }) {
  let resolveHold = (): void => {};
  let ended = new AbortController();
  const played: { readonly pcm: Int16Array; readonly atMs: number }[] = [];
  return {
    played,
    async begin(): Promise<void> {
      ended = new AbortController();
      const { promise, resolve } = Promise.withResolvers<void>();
      gone.addEventListener('abort', () => resolve(), { once: true });
      resolveHold = resolve;
      await promise;
    },
    end(): void {
      ended.abort();
      resolveHold();
    },
    /** Whether it was heard to its end. */
    async play(pcm: Int16Array, signal: AbortSignal): Promise<boolean> {
      played.push({ pcm, atMs: clock.nowMs() });
      return await wait(durationMs(pcm), AbortSignal.any([signal, ended.signal])).then(
        () => true,
        () => false,
      );
    },
  };
}

/** A telephone system on which calls arrive when the test says so. */
export type ScriptedCallControl = CallControl & {
  incoming(leg: CallLeg): void;
  /** Tells whoever listens for orphans. */
  foundOrphans: Parameters<CallControl['onOrphans']>[0];
};

/** What a telephone system has from before. */
export type ScriptedCallControlOptions = { readonly survivors?: readonly SurvivingLeg[]; readonly startedAt?: Date };

/** Opens the telephone system. */
export function openScriptedCallControl({ survivors = [], startedAt }: ScriptedCallControlOptions = {}): ScriptedCallControl {
  let take: (leg: CallLeg) => void = () => {
    throw new Error('nobody takes calls: onIncomingCall was not called');
  };
  let tellOrphans: ScriptedCallControl['foundOrphans'] = () => undefined;
  let left = survivors;
  return {
    onIncomingCall: (listener) => (take = listener),
    isConnected: () => true,
    takeSurvivors() {
      const taken = left;
      left = [];
      return taken;
    },
    onOrphans: (listener) => (tellOrphans = listener),
    foundOrphans: (found) => tellOrphans(found),
    startedAt: () => startedAt ?? null,
    incoming: (leg) => take(leg),
  };
}
