// Calls as the telephone system sees them: they arrive, are answered, ring others, and end.
import type { CallId, OrganizationId } from '#shared/id.ts';
import type { AudioTransport, AudioTransportEvent } from './audio-transport.ts';

/** Why a call is refused before it is answered. */
export type RejectReason = 'unknown_number' | 'at_capacity' | 'not_ready';

/** What happens on a leg besides sound, in order. */
export type LegEvent =
  | { readonly kind: 'dtmf'; readonly digit: string; readonly atMs: number }
  /**
   * The last event of a leg. `cause` is the telephone system's word for it, e.g. `Q.850 16`. `node`: the telephone system died under the call;
   * `taken_over`: another control plane serves the leg from now on, and nothing of it is ours any more.
   */
  | { readonly kind: 'hung_up'; readonly by: LegEndedBy; readonly cause: string; readonly atMs: number };

/** Who or what ended a leg. */
export type LegEndedBy = 'caller' | 'us' | 'system' | 'node' | 'taken_over';

/** Whose phone rings. Two organizations may both have a 2001: an extension alone names nobody. */
export type TransferTarget = { readonly organizationSlug: string; readonly extension: string };

/** What whoever answers does not want the call with: the telephone's own refusal, hanging up, the key for it, or no key where one is required. */
export type TransferRefusal = 'refused' | 'hung_up' | 'key' | 'no_key';

/** How the ringing of somebody else ended. */
export type TransferOutcome =
  /** The two people talk; we are out of the sound. Settles when one of them hung up. */
  | { readonly kind: 'bridged'; readonly talkedMs: number }
  | { readonly kind: 'no_answer' }
  /** Somebody was there and does not take the call. */
  | { readonly kind: 'declined'; readonly by: TransferRefusal }
  | { readonly kind: 'busy' }
  | { readonly kind: 'failed'; readonly cause: string }
  /** The caller hung up before the two were connected. */
  | { readonly kind: 'caller_gone' };

/** Whose side of a call is measured. `representative`: whoever answered last of those who were rung for the caller. */
export type MeasuredLeg = 'caller' | 'representative';

/** How well a leg was carried over the network, over its whole life. */
export type LegQuality = {
  /** The telephone system's name of it, such as `ulaw`. */
  readonly codec: string;
  readonly packetsReceived: number;
  readonly packetsSent: number;
  /** 0 to 1. */
  readonly receivedLossRatio: number;
  readonly receivedJitterMs: number;
  /** What the party's telephone said of our sound; null when it said nothing. */
  readonly reported: { readonly lossRatio: number; readonly jitterMs: number; readonly roundTripMs: number } | null;
};

/** What happens on the way to an outcome, in this order; a transfer may end after any of them. */
export type TransferProgress =
  | { readonly kind: 'answered' }
  /** The two are being connected: after the whole brief, after a key, or because there was nothing to be told. `heardMs` is how much of the brief was played. */
  | { readonly kind: 'briefed'; readonly by: 'end' | 'key' | 'nothing'; readonly heardMs: number };

/** How somebody is rung for the caller. */
export type TransferRequest = {
  readonly ringMs: number;
  /**
   * Played to whoever answers while the caller still hears ringing: mono PCM16 at 16 kHz; null: nothing. Never rejects. It is asked for when the
   * phone rings and waited for, when it is answered, for `BRIEF_WAIT_MS` at most.
   */
  readonly brief: Promise<Int16Array | null>;
  /** Whether a key is needed to be connected; an answering machine presses none. */
  readonly requiresKey: boolean;
  readonly onProgress: (progress: TransferProgress) => void;
  readonly signal: AbortSignal;
};

/** Sends the caller back. Any other key of whoever was rung connects the two at once. */
export const DECLINE_KEY = '2';

/** From the answer until a brief that is not made yet is done without: who says "hello?" twice hangs up. */
export const BRIEF_WAIT_MS = 1_500;

/** From the end of a brief until nobody has pressed the key that is required: our choice, long enough to find the keypad of a mobile telephone. */
export const KEY_WAIT_MS = 8_000;

/** One party's side of a call, ours to answer. Every method may be called after the leg ended: it then does nothing or throws `LegGoneError`. */
export type CallLeg = {
  readonly legId: string;
  /** The number that was dialled, as the telephone system gives it. */
  readonly dialledNumber: string;
  /** Caller's number; empty when withheld. Personal data. */
  readonly callerNumber: string;
  /** Slug of the organization whose phone calls; null for callers from outside. */
  readonly callerOrganizationSlug: string | null;
  /** File of the stereo recording (caller left, agent right), or null when the call is not recorded. */
  readonly recordingPath: string | null;
  /** Monotonic ms at which the leg reached us. */
  readonly arrivedAtMs: number;
  /** Sets the listener; events that came before wait for it. */
  listen(listener: (event: LegEvent) => void): void;
  /** Refuses an unanswered leg. */
  reject(reason: RejectReason): Promise<void>;
  /**
   * Builds the sound and answers, in this order, so that no first word is lost. `listener` gets the transport's events. A sound that breaks before it is
   * given rejects, and the listener hears of no end of it; the caller is still there then, and the next one may be built.
   */
  openMedia(listener: (event: AudioTransportEvent) => void, options: { signal: AbortSignal }): Promise<AudioTransport>;
  /**
   * Answers a leg that nobody serves yet and plays music to it; its time of arrival is when the music ends. Settles when the caller hung up or
   * `endHold` was called; rejects when it cannot be held.
   */
  hold(): Promise<void>;
  /**
   * Plays a sound (mono PCM16 at 16 kHz) to a held leg in place of the music, which goes on behind it. Settles with whether it was played to its
   * end: not when the hold ended, `signal` aborted, it could not be played, or nobody is held. Never rejects. One at a time.
   */
  playOnHold(pcm: Int16Array, options: { readonly signal: AbortSignal }): Promise<boolean>;
  /** Ends the music, and a sound that is played in its place; does nothing for a leg that is not held. Never throws. */
  endHold(): Promise<void>;
  /** Answers the leg; the caller's telephone stops ringing. Media is open by then. */
  answer(options: { signal: AbortSignal }): Promise<void>;
  /**
   * Rings a phone; whoever answers hears the brief alone, then both are bridged and our sound is taken out. Settles with `bridged` when that
   * talk ended. Until they are bridged the caller hears ringing. On any other outcome our sound is as before.
   */
  transfer(to: TransferTarget, request: TransferRequest): Promise<TransferOutcome>;
  /** How well a side is carried, or was; null before the first measurement, and of a representative until that one left. */
  quality(of: MeasuredLeg): LegQuality | null;
  /** Ends the leg and everything built for it (bridge, media). Never throws. */
  hangUp(): Promise<void>;
  /** Writes the call's language where a process that finds the leg after a crash can read it before it knows whose call it is. Never throws. */
  keepLanguage(language: string): void;
  /** From now on the lines that the leg logs carry these. Never throws. */
  nameCall(names: { readonly callId: CallId; readonly organizationId: OrganizationId }): void;
};

/** A leg that outlived the process that served it. */
export type SurvivingLeg = {
  /** Its sound is built already: `openMedia` hands over what was built, with all that was said meanwhile. */
  readonly leg: CallLeg;
  readonly isAnswered: boolean;
  /** How long the caller heard nothing, ms; null when nobody was there to measure it, or for a leg without sound of ours. */
  readonly gapMs: number | null;
  /** Whether the caller was asked to go on. */
  readonly hasApologised: boolean;
  /** The caller talks with a person: the two were left as they are. Settles when one of them hung up; null: nobody else is there. */
  readonly talk: ((options: { signal: AbortSignal }) => Promise<void>) | null;
};

/** Something found in the telephone system that belongs to no call: a leg nobody answers, sound without a leg, an empty bridge. */
export type OrphanKind = 'ringing' | 'media' | 'transfer' | 'bridge';

/** The leg ended while something was asked of it: expected, not a bug. */
export class LegGoneError extends Error {
  override readonly name = 'LegGoneError';
}

/** The telephone system. */
export type CallControl = {
  /** Sets who takes new calls. Called once, before the first call. */
  onIncomingCall(listener: (leg: CallLeg) => void): void;
  /** Whether calls can arrive now. */
  isConnected(): boolean;
  /** The legs that an earlier process left up, each given out once: to whoever asks first. From then on they are his to end. */
  takeSurvivors(): readonly SurvivingLeg[];
  /** Sets who is told, after each look, how many of each kind were found and destroyed. Default: nobody. */
  onOrphans(listener: (found: Readonly<Record<OrphanKind, number>>) => void): void;
  /** When the telephone system itself started, wall clock: older calls died with its last life. Null while that is unknown. */
  startedAt(): Date | null;
};
