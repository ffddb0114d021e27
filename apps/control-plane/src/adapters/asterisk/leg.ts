// One caller's channel as the engine's leg: everything built for it ends with it, whoever ends it and whenever.
import { AriError, isConflict, isNotFound } from 'asterisk-ari-client/ari-error.ts';
import type { AriEvent, ChannelHangupRequest, StasisStart } from 'asterisk-ari-client/generated/events.ts';
import type { AudioTransport, AudioTransportEvent } from '#ports/audio-transport.ts';
import {
  type CallLeg,
  type LegEvent,
  type LegQuality,
  LegGoneError,
  type MeasuredLeg,
  type RejectReason,
  type TransferOutcome,
  type TransferRequest,
  type TransferTarget,
} from '#ports/call-control.ts';
import { pause } from '#shared/waiting.ts';
import { throughCuts } from './connection.ts';
import { type Hold, openHold } from './hold.ts';
import { causeText, type LegEnd, legEnd, NORMAL, rejectCause } from './hangup-cause.ts';
import type { AsteriskParts, LegMedia, LegMediaNames, LegMediaOptions } from './leg-media.ts';
import { destroyBridge, destroyMedia, endMediaChannel, isBridgeGone, openLegMedia, settle } from './leg-media.ts';
import { isChannelAlive } from './leftovers.ts';
import { type QualityWatch, watchQuality } from './leg-quality.ts';
import { END_WAIT_MS, MAX_WAITING_LEG_EVENTS, CLEAN_UP_MS } from './limits.ts';
import { phoneEndpoint } from './phone-endpoint.ts';
import type { Survivor } from './survivors.ts';
import { watchTalk } from './survived-talk.ts';
import { transferLeg } from './transfer.ts';
import { openWaitingSound, type WaitingSound } from './waiting-sound.ts';

/** What a leg is made from. */
export type LegOptions = {
  readonly channel: StasisStart['channel'];
  readonly dialledNumber: string;
  readonly recordingPath: string | null;
  /** For a caller who outlived the process that served him. */
  readonly survived?: Pick<Survivor, 'bridgeId' | 'representativeId'>;
};

/** A leg, with what the adapter does to it. */
export type AsteriskLeg = CallLeg & {
  /** Asterisk no longer knows the channel: it ended while we did not listen, or (`node`) Asterisk itself did. */
  lost(by?: 'system' | 'node'): void;
  /** Another control plane serves it: everything is left to that one. */
  takenOver(): void;
  /** Whether the caller hears nothing of us. */
  readonly isSilent: boolean;
  /** Builds the sound before anybody serves the leg; `openMedia` hands it over. Null: it could not be built, or the caller talks with a person. */
  rescue(words: () => Int16Array | null): Promise<void>;
  /** Null when the caller talks with nobody but us. */
  readonly talk: ((options: { signal: AbortSignal }) => Promise<void>) | null;
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
  #arrivedAtMs: number;
  #hold: Hold | null = null;
  #parts: AsteriskParts;
  readonly #watch: Disposable;
  readonly #gone = new AbortController();
  readonly #cleaned = Promise.withResolvers<void>();
  #state: State = 'alive';
  /** The first one: those that follow are Asterisk taking the channel apart. */
  #hangupRequest: ChannelHangupRequest | null = null;
  #ourEnd: LegEnd | null = null;
  #media: LegMedia | null = null;
  /** The bridge that the caller is in, with our sound or without; null: none was built. */
  #bridgeId: string | null;
  #quality: QualityWatch | null = null;
  #representativeQuality: LegQuality | null = null;
  readonly #onQuality = (quality: LegQuality) => void (this.#representativeQuality = quality);
  /** Counts what was built, so that a second building does not meet the remains of the first. */
  #built = 0;
  /** Work that destroys what it built when the leg ends; the leg is not clean before it is done. */
  readonly #running = new Set<Promise<unknown>>();
  /** A part of every name that this process gives: one that a dead process gave may still be taken. */
  readonly #generation: string;
  #survived: NonNullable<LegOptions['survived']> | null;
  #waitingSound: WaitingSound | null = null;
  #isTakenOver = false;
  #listener: ((event: LegEvent) => void) | null = null;
  #waiting: LegEvent[] = [];

  constructor(parts: AsteriskParts, options: LegOptions) {
    this.legId = options.channel.id;
    this.dialledNumber = options.dialledNumber;
    this.callerNumber = options.channel.caller.number;
    // Only phones have one: it is set on their endpoints and not by whoever calls.
    this.callerOrganizationSlug = options.channel.tenantid || null;
    this.recordingPath = options.recordingPath;
    this.#arrivedAtMs = parts.nowMs();
    this.#survived = options.survived ?? null;
    this.#bridgeId = options.survived?.bridgeId ?? null;
    this.#generation = options.survived === undefined ? '' : `${Date.now().toString(36)}-`;
    this.#parts = { ...parts, log: parts.log.child({ legId: this.legId }) };
    if (options.survived?.representativeId) this.#quality = watchQuality(this.#parts, this.legId);
    this.#watch = parts.channels.watch(this.legId, (event) => this.#follow(event));
  }

  get arrivedAtMs(): number {
    return this.#arrivedAtMs;
  }

  get cleaned(): Promise<void> {
    return this.#cleaned.promise;
  }

  listen(listener: (event: LegEvent) => void): void {
    this.#listener = listener;
    for (const event of this.#waiting.splice(0)) listener(event);
  }

  async reject(reason: RejectReason): Promise<void> {
    await this.#end(rejectCause(reason, this.#parts));
  }

  get isSilent(): boolean {
    return this.#media === null || this.#media.socket.isClosed;
  }

  get talk(): AsteriskLeg['talk'] {
    const representativeId = this.#survived?.representativeId ?? null;
    if (representativeId === null) return null;
    const talk = { representativeId, gone: this.#gone.signal, onQuality: this.#onQuality };
    return ({ signal }) => this.#run(watchTalk(this.#parts, { ...talk, signal }));
  }

  async rescue(words: () => Int16Array | null): Promise<void> {
    // Without a bridge he may have been on hold: the music would go on under all that is said from now on.
    if (this.#survived?.bridgeId === null)
      await settle(this.#parts, this.#parts.ari.call('channels.stopMoh', { channelId: this.legId }, { timeoutMs: CLEAN_UP_MS }));
    const waiting = openWaitingSound(this.#parts.nowMs);
    await this.#run(this.#openMedia({ listener: waiting.listener, signal: this.#gone.signal }));
    if (this.#media === null) return;
    this.#waitingSound = waiting;
    waiting.begin(this.#media.socket, words());
  }

  keepLanguage(language: string): void {
    const kept = { channelId: this.legId, variable: 'CHANNEL(language)', value: language };
    if (this.#state === 'alive') void settle(this.#parts, this.#parts.ari.call('channels.setChannelVar', kept));
  }

  nameCall(names: Parameters<AsteriskLeg['nameCall']>[0]): void {
    this.#parts = { ...this.#parts, log: this.#parts.log.child(names) };
  }

  async openMedia(listener: (event: AudioTransportEvent) => void, { signal }: { signal: AbortSignal }): Promise<AudioTransport> {
    const waiting = this.#waitingSound;
    this.#waitingSound = null;
    if (waiting !== null && this.#media !== null && !this.isSilent) {
      await waiting.handOver(listener);
      return this.#media.socket;
    }
    return await this.#run(this.#openMedia({ listener, signal: AbortSignal.any([signal, this.#gone.signal]) }));
  }

  async answer({ signal }: { signal: AbortSignal }): Promise<void> {
    this.#throwIfGone();
    const both = AbortSignal.any([signal, this.#gone.signal]);
    const { ari, connection } = this.#parts;
    // A channel that is up already stays so: callers who were held are answered twice.
    await this.#orGone(throughCuts(connection, both, () => ari.call('channels.answer', { channelId: this.legId }, { signal: both })));
  }

  async transfer(to: TransferTarget, request: TransferRequest): Promise<TransferOutcome> {
    if (this.#state !== 'alive') return { kind: 'caller_gone' };
    const media = this.#media;
    if (media === null) throw new Error('a leg is transferred out of its media: open it first');
    const endpoint = phoneEndpoint(to);
    if (endpoint === null) return { kind: 'failed', cause: 'the destination is not a telephone of this system' };
    const channelId = `${this.legId}-transfer-${this.#generation}${this.#built}`;
    this.#built += 1;
    const ours = { callerId: this.legId, channelId, endpoint, media, gone: this.#gone.signal, onQuality: this.#onQuality };
    return await this.#run(transferLeg(this.#parts, { ...request, ...ours }));
  }

  quality(of: MeasuredLeg): LegQuality | null {
    return of === 'caller' ? (this.#quality?.latest() ?? null) : this.#representativeQuality;
  }

  async hold(): Promise<void> {
    const hold = openHold(this.#parts, { callerId: this.legId, nextNames: () => this.#names(), gone: this.#gone.signal });
    this.#hold = hold;
    await this.#leaveRescue();
    await this.answer({ signal: this.#gone.signal });
    await this.#orGone(throughCuts(this.#parts.connection, this.#gone.signal, () => hold.begin()));
    await hold.over;
  }

  async playOnHold(pcm: Int16Array, { signal }: { signal: AbortSignal }): Promise<boolean> {
    return this.#hold === null ? false : await this.#run(this.#hold.play(pcm, signal));
  }

  async endHold(): Promise<void> {
    const held = this.#hold;
    this.#hold = null;
    if (held === null) return;
    this.#arrivedAtMs = this.#parts.nowMs();
    await held.end();
  }

  async hangUp(): Promise<void> {
    await this.#end(NORMAL);
  }

  lost(by: 'system' | 'node' = 'system'): void {
    this.#over({ by, cause: by === 'node' ? 'Asterisk died' : 'lost while Asterisk was not connected' });
  }

  takenOver(): void {
    this.#isTakenOver = true;
    this.#over({ by: 'taken_over', cause: 'another control plane serves the application' });
  }

  async #openMedia(options: LegMediaOptions): Promise<AudioTransport> {
    this.#throwIfGone();
    await this.#leaveSound();
    const media = await this.#orGone(throughCuts(this.#parts.connection, options.signal, () => this.#build(options)));
    if (this.#state !== 'alive') {
      await this.#dropMedia(media);
      throw this.#goneError();
    }
    this.#media = media;
    this.#bridgeId = media.bridgeId;
    this.#quality ??= watchQuality(this.#parts, this.legId);
    return media.socket;
  }

  /**
   * What is played on hold takes a caller out of the bridge in which a dead process had him: sound that came into it afterwards would reach nobody. It
   * goes with what is in it.
   */
  async #leaveRescue(): Promise<void> {
    this.#waitingSound?.stop();
    this.#waitingSound = null;
    this.#survived = null;
    await this.#dropSound();
  }

  /** Ends the sound that was; the bridge, with the caller in it, stays. */
  async #leaveSound(): Promise<void> {
    const old = this.#media;
    if (old === null) return;
    this.#media = null;
    old.socket.legEnded();
    await endMediaChannel(this.#parts, old.channelId);
  }

  /** A bridge that does not take the sound (it died with what was in it) is replaced by a new one. */
  async #build(options: LegMediaOptions): Promise<LegMedia> {
    const bridgeId = this.#bridgeId;
    if (bridgeId !== null) {
      try {
        return await openLegMedia(this.#parts, { ...this.#names(), bridgeId, join: true }, options);
      } catch (error) {
        if (this.#state !== 'alive' || !isBridgeGone(error)) throw error;
        this.#parts.log.info({ err: error, bridgeId }, 'the bridge of a leg is gone, another one is built');
        await this.#dropSound();
      }
    }
    return await openLegMedia(this.#parts, { ...this.#names(), join: false }, options);
  }

  #names(): LegMediaNames {
    const suffix = this.#built === 0 && this.#generation === '' ? '' : `-${this.#generation}${this.#built}`;
    this.#built += 1;
    return { callerId: this.legId, bridgeId: `${this.legId}-bridge${suffix}`, channelId: `${this.legId}-media${suffix}` };
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
        this.#quality?.ended(event.channel.channelvars);
        return this.#over(this.#ourEnd ?? legEnd(this.#hangupRequest));
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
    this.#quality?.[Symbol.dispose]();
    this.#tell({ kind: 'hung_up', ...end, atMs: this.#parts.nowMs() });
    void this.#cleanUp();
  }

  async #cleanUp(): Promise<void> {
    this.#waitingSound?.stop();
    if (this.#isTakenOver) this.#media?.socket.legEnded();
    else {
      await Promise.allSettled(this.#running);
      await this.#dropSound();
    }
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

  /** Ends the sound and the bridge, or the bridge alone where there is no sound. */
  async #dropSound(): Promise<void> {
    if (this.#media !== null) return await this.#dropMedia(this.#media);
    const bridgeId = this.#bridgeId;
    this.#bridgeId = null;
    if (bridgeId !== null) await destroyBridge(this.#parts, bridgeId);
  }

  async #dropMedia(media: LegMedia): Promise<void> {
    this.#media = null;
    this.#bridgeId = null;
    media.socket.legEnded();
    await destroyMedia(this.#parts, media);
  }

  #tell(event: LegEvent): void {
    if (this.#listener !== null) this.#listener(event);
    else if (this.#waiting.length < MAX_WAITING_LEG_EVENTS || event.kind === 'hung_up') this.#waiting.push(event);
    else {
      this.#parts.log.warn({ kind: event.kind }, 'leg event dropped: nobody listens');
      this.#parts.observer.dropped('nobody_listens');
    }
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
      if (error instanceof AriError && error.kind === 'refused') await pause(END_WAIT_MS, this.#gone.signal);
      if (this.#state !== 'alive') throw this.#goneError();
      const isRefused = isNotFound(error) || isConflict(error);
      // What is built may be refused too, while its caller waits for it.
      if (!isRefused || (await isChannelAlive(this.#parts.ari, this.legId).catch(() => true))) throw error;
      throw new LegGoneError('the caller left while the leg was being set up', { cause: error });
    }
  }

  #goneError(): LegGoneError {
    return new LegGoneError(`leg ${this.legId} is over`);
  }
}
