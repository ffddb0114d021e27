// Calls as the telephone system sees them: they arrive, are answered, ring others, and end.
import type { AudioTransport, AudioTransportEvent } from './audio-transport.ts';

/** Why a call is refused before it is answered. */
export type RejectReason = 'unknown_number' | 'at_capacity' | 'not_ready';

/** What happens on a leg besides sound, in order. */
export type LegEvent =
  | { readonly kind: 'dtmf'; readonly digit: string; readonly atMs: number }
  /** The last event of a leg. `cause` is the telephone system's word for it, e.g. `Q.850 16`. */
  | { readonly kind: 'hung_up'; readonly by: 'caller' | 'us' | 'system'; readonly cause: string; readonly atMs: number };

/** Whose phone rings. Two organizations may both have a 2001: an extension alone names nobody. */
export type TransferTarget = { readonly organizationSlug: string; readonly extension: string };

/** How the ringing of somebody else ended. */
export type TransferOutcome =
  /** The two people talk; we are out of the sound. Settles when one of them hung up. */
  | { readonly kind: 'bridged'; readonly talkedMs: number }
  | { readonly kind: 'no_answer' }
  | { readonly kind: 'busy' }
  | { readonly kind: 'failed'; readonly cause: string }
  /** The caller hung up while it rang. */
  | { readonly kind: 'caller_gone' };

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
  /** Builds the sound and answers, in this order, so that no first word is lost. `listener` gets the transport's events. */
  openMedia(listener: (event: AudioTransportEvent) => void, options: { signal: AbortSignal }): Promise<AudioTransport>;
  /** Answers the leg; the caller's telephone stops ringing. Media is open by then. */
  answer(options: { signal: AbortSignal }): Promise<void>;
  /**
   * Rings a phone; when answered both are bridged and our sound is taken out. Settles with `bridged` when that talk ended.
   * While it rings the caller hears ringing. On any other outcome our sound is as before.
   */
  transfer(to: TransferTarget, options: { ringMs: number; signal: AbortSignal }): Promise<TransferOutcome>;
  /** Ends the leg and everything built for it (bridge, media). Never throws. */
  hangUp(): Promise<void>;
};

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
};
