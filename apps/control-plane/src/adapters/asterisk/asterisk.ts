// The telephone system: an Asterisk spoken to over ARI. Calls come in through its dialplan as `Stasis(<application>,inbound,<number>)`.
import { join } from 'node:path';
import { type AriNotification, type AriClient, openAri } from 'asterisk-ari-client';
import type { AriEvent } from 'asterisk-ari-client/generated/events.ts';
import type { Channel } from 'asterisk-ari-client/generated/models.ts';
import type { CallControl, CallLeg, OrphanKind, SurvivingLeg } from '#ports/call-control.ts';
import type { TelephonyDirectory } from '#ports/telephony-directory.ts';
import type { Log } from '#shared/log.ts';
import { brokenPart } from './ari-event.ts';
import { openChannelEvents } from './channel-events.ts';
import { openConnection } from './connection.ts';
import { type AsteriskDirectory, openDirectory } from './directory.ts';
import { NORMAL, rejectCause } from './hangup-cause.ts';
import { destroyLeftovers, isChannelAlive, readApplication, readStartedAt } from './leftovers.ts';
import { MAX_ENDED_IDS, NODE_LOST_MS, SWEEP_AGAIN_MS, SWEEP_EVERY_MS } from './limits.ts';
import { type AsteriskLeg, type LegOptions, openLeg } from './leg.ts';
import { type AsteriskParts, settle } from './leg-media.ts';
import { type AsteriskObserver, type DropReason, observedAri, silentObserver } from './observed-ari.ts';
import { orphanKind, ringsTooLong } from './orphans.ts';
import { openRescue } from './rescue.ts';
import type { Rescue, RescueOptions } from './rescue.ts';
import { inboundNumber } from './survivors.ts';

/** Where Asterisk is and how it is set up. */
export type AsteriskOptions = {
  /** Its HTTP server, such as `http://127.0.0.1:8088`. Loopback or a private network: `/media` has no authentication. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly application: string;
  /** The folder in which the dialplan records each call as `<channel id>.wav`, there when the call is over, or null when it records none. */
  readonly recordingsFolder: string | null;
  /** Whether a SIP balancer stands in front; default: none. */
  readonly behindBalancer?: boolean;
  readonly log: Log;
  /** Monotonic clock. */
  readonly nowMs: () => number;
  /** Ends the waiting for an Asterisk that is not up yet. */
  readonly signal: AbortSignal;
  /** Told of requests, events and connections; default: nobody. */
  readonly observer?: AsteriskObserver;
  /** Set: callers who outlived the last process are kept for `takeSurvivors`, and hear us at once. Absent: they are new calls. */
  readonly rescue?: RescueOptions;
};

/** Connects and waits until Asterisk is ready. */
export async function openAsterisk(
  options: AsteriskOptions,
): Promise<CallControl & AsyncDisposable & { readonly directory: TelephonyDirectory }> {
  const asterisk = new Asterisk(options);
  await asterisk.open();
  return asterisk;
}

class Asterisk implements CallControl, AsyncDisposable {
  readonly directory: AsteriskDirectory;
  readonly #options: AsteriskOptions;
  readonly #log: Log;
  readonly #observer: AsteriskObserver;
  readonly #channels = openChannelEvents();
  readonly #connection = openConnection();
  readonly #legs = new Map<string, AsteriskLeg>();
  /** Legs that are over, so that none is taken for a new call. */
  readonly #endedIds = new Set<string>();
  readonly #closing = new AbortController();
  #ari: AriClient | null = null;
  #isConnected = false;
  #listener: ((leg: CallLeg) => void) | null = null;
  #sweep: Promise<void> = Promise.resolve();
  #sweeper: NodeJS.Timeout | undefined;
  #isReplaced = false;
  #startedAt: Date | null = null;
  #nodeLost: NodeJS.Timeout | undefined;
  #rescue: Rescue | null = null;
  #onOrphans: Parameters<CallControl['onOrphans']>[0] = () => undefined;

  constructor(options: AsteriskOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#observer = options.observer ?? silentObserver;
    this.directory = openDirectory({ ari: () => this.#ari, log: options.log });
  }

  async open(): Promise<void> {
    const { url, username, password, application, signal, log } = this.#options;
    // Before there is a listener for calls nothing may be taken: what arrives meanwhile is found by the sweep.
    const listener = (notification: AriNotification): void => this.#hear(notification);
    const onDropped = (reason: DropReason): void => this.#observer.dropped(reason);
    const unobserved = await openAri({ url, username, password, application, signal, log, listener, onDropped });
    const ari = observedAri(unobserved, this.#observer, this.#options.nowMs);
    this.#ari = ari;
    const { rescue } = this.#options;
    if (rescue === undefined) return;
    this.#rescue = openRescue(this.#parts(ari), {
      ...rescue,
      adopt: (survivor) => this.#open(ari, { ...survivor, survived: survivor }),
    });
    await this.#rescue.run(signal);
    this.#startedAt = await readStartedAt(ari, signal);
  }

  takeSurvivors(): readonly SurvivingLeg[] {
    return this.#rescue?.take() ?? [];
  }

  onOrphans(listener: Parameters<CallControl['onOrphans']>[0]): void {
    this.#onOrphans = listener;
  }

  startedAt(): Date | null {
    return this.#startedAt;
  }

  onIncomingCall(listener: (leg: CallLeg) => void): void {
    if (this.#listener !== null) throw new Error('somebody takes new calls already');
    this.#listener = listener;
    this.#sweepSoon();
    this.#sweeper = setInterval(() => this.#isConnected && this.#sweepSoon(), SWEEP_EVERY_MS);
  }

  isConnected(): boolean {
    return this.#isConnected && !this.#isReplaced;
  }

  /** Hangs up what is still there: nothing is left half-open. Whoever wants calls to end well waits for that first. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#sweeper);
    clearTimeout(this.#nodeLost);
    await Promise.all([...this.#legs.values()].map((leg) => leg.hangUp()));
    await this.#sweep;
    await this.#ari?.[Symbol.asyncDispose]();
  }

  #hear(notification: AriNotification): void {
    switch (notification.kind) {
      case 'connected':
        this.#isConnected = true;
        clearTimeout(this.#nodeLost);
        this.#connection.changed(true);
        this.#observer.connected(true);
        this.directory.connected();
        return this.#sweepSoon();
      case 'disconnected':
        this.#isConnected = false;
        this.#connection.changed(false);
        this.#observer.connected(false);
        clearTimeout(this.#nodeLost);
        if (!this.#closing.signal.aborted) this.#nodeLost = setTimeout(() => this.#loseSilentLegs(), NODE_LOST_MS);
        return this.#log.warn({ reason: notification.reason }, 'connection to Asterisk lost');
      case 'event':
        return this.#parse(notification.event);
    }
  }

  #parse(event: AriEvent): void {
    const field = brokenPart(event, this.#options.application);
    if (field !== null) {
      this.#log.warn({ reason: 'wrong_value', type: event.type, field }, 'ARI message dropped');
      return this.#observer.dropped('wrong_value');
    }
    this.#observer.heard(Date.now() - Date.parse(event.timestamp));
    this.#take(event);
  }

  #take(event: AriEvent): void {
    // Only our own name tells that our calls go elsewhere: standing down for another's would leave every caller alone.
    if (event.type === 'ApplicationReplaced' && event.application === this.#options.application) return this.#stepDown();
    if (this.#channels.dispatch(event) || event.type !== 'StasisStart') return;
    const isInbound = event.args[0] === 'inbound' && !this.#endedIds.has(event.channel.id);
    if (isInbound && !this.#closing.signal.aborted) return this.#arrive(event.channel, event.args[1] ?? event.channel.dialplan.exten);
    // A media or transfer channel whose leg ended while it was being made, a caller whom we hung up already, or one who came while we close: in
    // Stasis without us he would hear nothing for ever.
    this.#log.info({ channelId: event.channel.id, isInbound }, 'a channel without a leg is hung up');
    const cause = isInbound ? rejectCause('not_ready') : NORMAL;
    const request = { channelId: event.channel.id, reason_code: String(cause) };
    if (this.#ari !== null) void settle({ log: this.#log }, this.#ari.call('channels.hangup', request));
  }

  #arrive(channel: Channel, dialledNumber: string): void {
    // Before there is a listener the caller waits for the sweep that comes with it.
    if (this.#listener === null || this.#ari === null || this.#legs.has(channel.id)) return;
    this.#listener(this.#open(this.#ari, { channel, dialledNumber }));
  }

  #open(ari: AriClient, options: Omit<LegOptions, 'recordingPath'>): AsteriskLeg {
    const { recordingsFolder } = this.#options;
    const recordingPath = recordingsFolder === null ? null : join(recordingsFolder, `${options.channel.id}.wav`);
    const leg = openLeg(this.#parts(ari), { ...options, recordingPath });
    this.#legs.set(leg.legId, leg);
    void leg.cleaned.then(() => this.#forget(leg.legId));
    return leg;
  }

  /**
   * The other one has our callers from now on. Connecting again would take them back, and so on for ever: we stay away, and touch nothing of
   * what is in Asterisk.
   */
  #stepDown(): void {
    this.#log.error(
      { application: this.#options.application },
      'another control plane took over this application: calls no longer reach us',
    );
    this.#isReplaced = true;
    this.#closing.abort();
    clearInterval(this.#sweeper);
    void this.#ari?.[Symbol.asyncDispose]();
    for (const leg of this.#legs.values()) leg.takenOver();
  }

  /** Asterisk does not come back, and the sound of these legs is gone: it died with them. */
  #loseSilentLegs(): void {
    for (const leg of this.#legs.values()) if (leg.isSilent) leg.lost('node');
  }

  #forget(legId: string): void {
    this.#legs.delete(legId);
    this.#endedIds.add(legId);
    const oldest = this.#endedIds.size > MAX_ENDED_IDS ? this.#endedIds.values().next().value : undefined;
    if (oldest !== undefined) this.#endedIds.delete(oldest);
  }

  #parts(ari: AriClient): AsteriskParts {
    const mediaUrl = new URL('media/', this.#options.url.endsWith('/') ? this.#options.url : `${this.#options.url}/`);
    mediaUrl.protocol = mediaUrl.protocol === 'https:' ? 'wss:' : 'ws:';
    const { nowMs, behindBalancer = false } = this.#options;
    const [channels, connection, log, observer] = [this.#channels, this.#connection, this.#log, this.#observer];
    return { ari, channels, connection, log, nowMs, mediaUrl: mediaUrl.href, behindBalancer, observer };
  }

  /** One sweep after the other; a failed one is repeated at the next connection or half a minute later. */
  #sweepSoon(): void {
    this.#sweep = this.#sweep.then(async () => {
      try {
        await this.#sweepNow();
      } catch (error) {
        this.#log.error({ err: error }, 'comparing with Asterisk failed');
        // An Asterisk that has just started answers before it has loaded everything.
        if (!this.#closing.signal.aborted) setTimeout(() => this.#isConnected && this.#sweepSoon(), SWEEP_AGAIN_MS).unref();
      }
    });
  }

  /**
   * Legs whose channel is gone end. Callers that nobody serves (they came while we were away, or our predecessor crashed under them)
   * are taken as new calls. Everything else of ours in Asterisk is destroyed.
   */
  async #sweepNow(): Promise<void> {
    if (this.#listener === null || this.#ari === null || this.#closing.signal.aborted) return;
    const before = new Set(this.#legs.keys());
    const seen = this.#channels.seenIds();
    const state = await readApplication(this.#ari, { watchedIds: seen, signal: this.#closing.signal });
    const { channels, allChannelIds, bridges } = state;
    const by = await this.#findRestart(this.#ari);
    const present = new Map(channels.map((channel) => [channel.id, channel]));
    const there = new Set([...present.keys(), ...state.unreadableIds]);
    for (const [legId, leg] of this.#legs) if (before.has(legId) && !there.has(legId)) leg.lost(by);
    // A representative who hung up meanwhile: the caller must not sit alone in the bridge.
    for (const channelId of seen) if (!allChannelIds.has(channelId)) this.#channels.lose(channelId);
    const isOwned = (id: string): boolean => [...this.#legs.keys()].some((legId) => id === legId || id.startsWith(`${legId}-`));
    const strangers = channels.filter((channel) => !isOwned(channel.id));
    const callers = strangers.filter((channel) => inboundNumber(channel) !== null);
    const others = strangers.filter((channel) => inboundNumber(channel) === null);
    const strayBridgeIds = bridges.map((bridge) => bridge.id).filter((bridgeId) => !isOwned(bridgeId));
    const stuck = [...this.#legs.values()].filter((leg) => ringsTooLong(present.get(leg.legId)));
    const unreadableIds = state.unreadableIds.filter((id) => !isOwned(id));
    if (unreadableIds.length > 0)
      this.#log.error(
        { channelIds: unreadableIds },
        'Asterisk cannot say what these channels are, and lists none beside them: they are hung up',
      );
    const ringing = stuck.length + unreadableIds.length;
    const found: Record<OrphanKind, number> = { ringing, media: 0, transfer: 0, bridge: strayBridgeIds.length };
    for (const channel of others) found[orphanKind(channel)] += 1;
    this.#onOrphans(found);
    await Promise.all(stuck.map((leg) => leg.hangUp()));
    const leftovers = { channelIds: [...others.map((channel) => channel.id), ...unreadableIds], bridgeIds: strayBridgeIds };
    await destroyLeftovers({ ari: this.#ari, log: this.#log }, leftovers);
    await Promise.all(callers.map((channel) => this.#takeStranger(this.#ari as AriClient, channel)));
  }

  /** What channels that are gone ended by: Asterisk's own end, when it started anew since the last look. */
  async #findRestart(ari: AriClient): Promise<'node' | 'system'> {
    const before = this.#startedAt;
    this.#startedAt = await readStartedAt(ari, this.#closing.signal);
    return before !== null && this.#startedAt !== null && before.getTime() !== this.#startedAt.getTime() ? 'node' : 'system';
  }

  async #takeStranger(ari: AriClient, channel: Channel): Promise<void> {
    if (this.#endedIds.has(channel.id)) {
      // We hung up while Asterisk could not hear it.
      return await destroyLeftovers({ ari, log: this.#log }, { channelIds: [channel.id], bridgeIds: [] });
    }
    this.#arrive(channel, inboundNumber(channel) ?? '');
    // Its end may have passed between the list and now, unheard.
    if (!(await isChannelAlive(ari, channel.id))) this.#legs.get(channel.id)?.lost();
  }
}
