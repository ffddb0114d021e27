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
  RejectReason,
  SurvivingLeg,
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
  readonly quality?: LegQuality;
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
  const transfers: TransferTarget[] = [];
  const events: LegEvent[] = [];
  let tell: ((event: LegEvent) => void) | null = null;
  let progress: 'ringing' | 'held' | 'answered' | 'rejected' | 'ended' = 'ringing';
  let rejectedFor: RejectReason | null = null;
  let arrivedAtMs = clock.nowMs();
  let endHold = (): void => {};
  let holdEnded = new AbortController();
  const playedOnHold: { readonly pcm: Int16Array; readonly atMs: number }[] = [];
  let transport: ScriptedAudioTransport | null = null;
  let keptLanguage: string | null = null;
  let built = 0;
  let representative: ScriptedRepresentative | null = null;

  const emit = (event: LegEvent): void => (tell === null ? void events.push(event) : tell(event));
  const finish = (by: LegEndedBy, cause = 'Q.850 16'): void => {
    if (gone.signal.aborted) return;
    if (progress !== 'rejected') progress = 'ended';
    emit({ kind: 'hung_up', by, cause, atMs: clock.nowMs() });
    gone.abort(new LegGoneError('the leg ended'));
    transport?.end('hung_up');
  };
  const wait = async (ms: number, signal: AbortSignal): Promise<void> => await scriptedWait(ms, AbortSignal.any([gone.signal, signal]));
  const openMedia = async (listener: (event: AudioTransportEvent) => void, signal: AbortSignal): Promise<ScriptedAudioTransport> => {
    await wait(options.openMediaAfterMs ?? 0, signal);
    built += 1;
    if (options.openMediaFails === true || built > (options.openMediaFailsAfter ?? Infinity))
      throw new Error('scripted failure of the media channel');
    return (transport = openScriptedAudioTransport(clock, listener));
  };
  const scriptOf = ({ transfer = NOBODY }: ScriptedLegOptions): ScriptedTransfer | null => (transfer === 'by_hand' ? null : transfer);

  return {
    legId: `leg-${++legs}`,
    dialledNumber: options.dialledNumber ?? '100',
    callerNumber: options.callerNumber ?? '5550001',
    callerOrganizationSlug: options.callerOrganizationSlug ?? null,
    recordingPath: null,
    get arrivedAtMs() {
      return arrivedAtMs;
    },
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
    ends: finish,
    keptLanguage: () => keptLanguage,
    keepLanguage: (language) => (keptLanguage = language),
    nameCall: () => undefined,
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
    quality: () => options.quality ?? null,
    async hold() {
      progress = 'held';
      holdEnded = new AbortController();
      arrivedAtMs = Number.POSITIVE_INFINITY;
      const { promise, resolve } = Promise.withResolvers<void>();
      gone.signal.addEventListener('abort', () => resolve(), { once: true });
      endHold = resolve;
      await promise;
    },
    async endHold() {
      if (progress === 'held') arrivedAtMs = clock.nowMs();
      holdEnded.abort();
      endHold();
    },
    playedOnHold,
    async playOnHold(pcm, { signal }) {
      if (progress !== 'held') return false;
      playedOnHold.push({ pcm, atMs: clock.nowMs() });
      return await wait(durationMs(pcm), AbortSignal.any([signal, holdEnded.signal])).then(
        () => true,
        () => false,
      );
    },
    async hangUp() {
      finish('us');
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
