// One caller's channel as the engine's leg: everything built for it ends with it, whoever ends it and whenever.
import { AriError, isConflict, isNotFound } from 'asterisk-ari-client/ari-error.ts';
import type { AriEvent, ChannelHangupRequest, StasisStart } from 'asterisk-ari-client/generated/events.ts';
import type { AudioTransport, AudioTransportEvent } from '#ports/audio-transport.ts';
import {
  type CallLeg,
  type LegEvent,
  LegGoneError,
  type RejectReason,
  type TransferOutcome,
  type TransferRequest,
  type TransferTarget,
} from '#ports/call-control.ts';
import { causeText, type LegEnd, legEnd, NORMAL, rejectCause } from './hangup-cause.ts';
import { type AsteriskParts, destroyMedia, type LegMedia, type LegMediaOptions, openLegMedia, settle } from './leg-media.ts';
import { END_WAIT_MS, MAX_WAITING_LEG_EVENTS, CLEAN_UP_MS } from './limits.ts';
import { phoneEndpoint } from './phone-endpoint.ts';
import { transferLeg } from './transfer.ts';

/** What a leg is made from. */
export type LegOptions = {
  readonly channel: StasisStart['channel'];
  readonly dialledNumber: string;
  readonly recordingPath: string | null;
};

/** A leg, with what the adapter does to it. */
export type AsteriskLeg = CallLeg & {
  /** Asterisk no longer knows the channel: it ended while we did not listen. */
  lost(): void;
  /** Settles when the leg is over and all that was built for it is destroyed. */
  readonly cleaned: Promise<void>;
};

/** `ending`: we asked Asterisk to end the channel. */
type State = 'alive' | 'ending' | 'ended';

/** Starts to watch the channel. */
export function openLeg(parts: AsteriskParts, options: LegOptions): AsteriskLeg {
  return new Leg(parts, options);
}

class Leg implements AsteriskLeg {
  readonly legId: string;
  readonly dialledNumber: string;
  readonly callerNumber: string;
  readonly callerOrganizationSlug: string | null;
  readonly recordingPath: string | null;
  readonly arrivedAtMs: number;
  readonly #parts: AsteriskParts;
  readonly #watch: Disposable;
  readonly #gone = new AbortController();
  readonly #cleaned = Promise.withResolvers<void>();
  #state: State = 'alive';
  /** The first one: those that follow are Asterisk taking the channel apart. */
  #hangupRequest: ChannelHangupRequest | null = null;
  #ourEnd: LegEnd | null = null;
  #media: LegMedia | null = null;
  /** Counts what was built, so that a second building does not meet the remains of the first. */
  #built = 0;
  /** Work that destroys what it built when the leg ends; the leg is not clean before it is done. */
  readonly #running = new Set<Promise<unknown>>();
  #listener: ((event: LegEvent) => void) | null = null;
  #waiting: LegEvent[] = [];

  constructor(parts: AsteriskParts, options: LegOptions) {
    this.legId = options.channel.id;
    this.dialledNumber = options.dialledNumber;
    this.callerNumber = options.channel.caller.number;
    // Only phones have one: it is set on their endpoints and not by whoever calls.
    this.callerOrganizationSlug = options.channel.tenantid || null;
    this.recordingPath = options.recordingPath;
    this.arrivedAtMs = parts.nowMs();
    this.#parts = { ...parts, log: parts.log.child({ legId: this.legId }) };
    this.#watch = parts.channels.watch(this.legId, (event) => this.#follow(event));
  }

  get cleaned(): Promise<void> {
    return this.#cleaned.promise;
  }

  listen(listener: (event: LegEvent) => void): void {
    this.#listener = listener;
    for (const event of this.#waiting.splice(0)) listener(event);
  }

  async reject(reason: RejectReason): Promise<void> {
    await this.#end(rejectCause(reason));
  }

  openMedia(listener: (event: AudioTransportEvent) => void, { signal }: { signal: AbortSignal }): Promise<AudioTransport> {
    return this.#run(this.#openMedia({ listener, signal: AbortSignal.any([signal, this.#gone.signal]) }));
  }

  async answer({ signal }: { signal: AbortSignal }): Promise<void> {
    this.#throwIfGone();
    await this.#orGone(
      this.#parts.ari.call('channels.answer', { channelId: this.legId }, { signal: AbortSignal.any([signal, this.#gone.signal]) }),
    );
  }

  async transfer(to: TransferTarget, request: TransferRequest): Promise<TransferOutcome> {
    if (this.#state !== 'alive') return { kind: 'caller_gone' };
    const media = this.#media;
    if (media === null) throw new Error('a leg is transferred out of its media: open it first');
    const endpoint = phoneEndpoint(to);
    if (endpoint === null) return { kind: 'failed', cause: 'the destination is not a telephone of this system' };
    const channelId = `${this.legId}-transfer-${this.#built}`;
    this.#built += 1;
    const gone = this.#gone.signal;
    return await this.#run(transferLeg(this.#parts, { ...request, callerId: this.legId, channelId, endpoint, media, gone }));
  }

  async hangUp(): Promise<void> {
    await this.#end(NORMAL);
  }

  lost(): void {
    this.#over({ by: 'system', cause: 'lost while Asterisk was not connected' });
  }

  async #openMedia(options: LegMediaOptions): Promise<AudioTransport> {
    this.#throwIfGone();
    if (this.#media !== null) await this.#dropMedia(this.#media);
    const suffix = this.#built === 0 ? '' : `-${this.#built}`;
    this.#built += 1;
    const names = { callerId: this.legId, bridgeId: `${this.legId}-bridge${suffix}`, channelId: `${this.legId}-media${suffix}` };
    const media = await this.#orGone(openLegMedia(this.#parts, names, options));
    if (this.#state !== 'alive') {
      await this.#dropMedia(media);
      throw this.#goneError();
    }
    this.#media = media;
    return media.socket;
  }

  /** Asks Asterisk to end the channel. The event that follows ends the leg; without it the leg ends by itself. */
  async #end(cause: number): Promise<void> {
    if (this.#state === 'alive') {
      this.#state = 'ending';
      this.#gone.abort(this.#goneError());
      const request = this.#parts.ari.call(
        'channels.hangup',
        { channelId: this.legId, reason_code: String(cause) },
        { timeoutMs: CLEAN_UP_MS },
      );
      const end: LegEnd = { by: 'us', cause: causeText(cause) };
      this.#ourEnd = end;
      await settle(this.#parts, request);
      setTimeout(() => this.#over(end), END_WAIT_MS).unref();
    }
    await this.#cleaned.promise;
  }

  #follow(event: AriEvent): void {
    switch (event.type) {
      case 'ChannelDtmfReceived':
        return this.#tell({ kind: 'dtmf', digit: event.digit, atMs: this.#parts.nowMs() });
      case 'ChannelHangupRequest':
        this.#hangupRequest ??= event;
        return;
      // The last event of an inbound channel: Asterisk tells of its destruction only those who subscribed to the channel itself.
      case 'StasisEnd':
      case 'ChannelDestroyed':
        return this.#over(this.#ourEnd ?? legEnd(this.#hangupRequest));
      default:
        return;
    }
  }

  #over(end: LegEnd): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#gone.abort(this.#goneError());
    this.#watch[Symbol.dispose]();
    this.#tell({ kind: 'hung_up', ...end, atMs: this.#parts.nowMs() });
    void this.#cleanUp();
  }

  async #cleanUp(): Promise<void> {
    await Promise.allSettled(this.#running);
    if (this.#media !== null) await this.#dropMedia(this.#media);
    this.#cleaned.resolve();
  }

  async #run<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work);
    try {
      return await work;
    } finally {
      this.#running.delete(work);
    }
  }

  async #dropMedia(media: LegMedia): Promise<void> {
    this.#media = null;
    media.socket.legEnded();
    await destroyMedia(this.#parts, media);
  }

  #tell(event: LegEvent): void {
    if (this.#listener !== null) this.#listener(event);
    else if (this.#waiting.length < MAX_WAITING_LEG_EVENTS || event.kind === 'hung_up') this.#waiting.push(event);
    else this.#parts.log.warn({ kind: event.kind }, 'leg event dropped: nobody listens');
  }

  #throwIfGone(): void {
    if (this.#state !== 'alive') throw this.#goneError();
  }

  /**
   * A caller who hangs up during the set-up makes Asterisk refuse it, with 400, 404, 409 or 422 depending on the moment, and his
   * end is told just after: a refusal waits for it.
   */
  async #orGone<T>(request: Promise<T>): Promise<T> {
    try {
      return await request;
    } catch (error) {
      if (error instanceof AriError && error.kind === 'refused') await this.#goneWithin(END_WAIT_MS);
      if (this.#state !== 'alive') throw this.#goneError();
      if (isNotFound(error) || isConflict(error))
        throw new LegGoneError('the caller left while the leg was being set up', { cause: error });
      throw error;
    }
  }

  #goneWithin(ms: number): Promise<void> {
    const { signal } = this.#gone;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
    });
  }

  #goneError(): LegGoneError {
    return new LegGoneError(`leg ${this.legId} is over`);
  }
}
