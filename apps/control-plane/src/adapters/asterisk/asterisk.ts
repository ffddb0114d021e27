// The telephone system: an Asterisk spoken to over ARI. Calls come in through its dialplan as `Stasis(<application>,inbound,<number>)`.
import { join } from 'node:path';
import { type AriNotification, type AriClient, openAri } from 'asterisk-ari-client';
import type { AriEvent } from 'asterisk-ari-client/generated/events.ts';
import type { Channel } from 'asterisk-ari-client/generated/models.ts';
import type { CallControl, CallLeg } from '#ports/call-control.ts';
import type { TelephonyDirectory } from '#ports/telephony-directory.ts';
import type { Log } from '#shared/log.ts';
import { openChannelEvents } from './channel-events.ts';
import { type AsteriskDirectory, openDirectory } from './directory.ts';
import { NORMAL, rejectCause } from './hangup-cause.ts';
import { destroyLeftovers, isChannelAlive, readApplication } from './leftovers.ts';
import { MAX_ENDED_IDS, SWEEP_EVERY_MS } from './limits.ts';
import { type AsteriskLeg, openLeg } from './leg.ts';
import { type AsteriskParts, settle } from './leg-media.ts';

/** Where Asterisk is and how it is set up. */
export type AsteriskOptions = {
  /** Its HTTP server, such as `http://127.0.0.1:8088`. Loopback or a private network: `/media` has no authentication. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly application: string;
  /** The folder in which the dialplan records each call as `<channel id>.wav`, there when the call is over, or null when it records none. */
  readonly recordingsFolder: string | null;
  readonly log: Log;
  /** Monotonic clock. */
  readonly nowMs: () => number;
  /** Ends the waiting for an Asterisk that is not up yet. */
  readonly signal: AbortSignal;
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
  readonly #channels = openChannelEvents();
  readonly #legs = new Map<string, AsteriskLeg>();
  /** Legs that are over, so that none is taken for a new call. */
  readonly #endedIds = new Set<string>();
  readonly #closing = new AbortController();
  #ari: AriClient | null = null;
  #isConnected = false;
  #listener: ((leg: CallLeg) => void) | null = null;
  #sweep: Promise<void> = Promise.resolve();
  #sweeper: NodeJS.Timeout | undefined;

  constructor(options: AsteriskOptions) {
    this.#options = options;
    this.#log = options.log;
    this.directory = openDirectory({ ari: () => this.#ari, log: options.log });
  }

  async open(): Promise<void> {
    const { url, username, password, application, signal, log } = this.#options;
    // Before there is a listener for calls nothing may be taken: what arrives meanwhile is found by the sweep.
    const ari = await openAri({ url, username, password, application, signal, log, listener: (notification) => this.#hear(notification) });
    this.#ari = ari;
  }

  onIncomingCall(listener: (leg: CallLeg) => void): void {
    if (this.#listener !== null) throw new Error('somebody takes new calls already');
    this.#listener = listener;
    this.#sweepSoon();
    this.#sweeper = setInterval(() => this.#isConnected && this.#sweepSoon(), SWEEP_EVERY_MS);
  }

  isConnected(): boolean {
    return this.#isConnected;
  }

  /** Hangs up what is still there: nothing is left half-open. Whoever wants calls to end well waits for that first. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#sweeper);
    await Promise.all([...this.#legs.values()].map((leg) => leg.hangUp()));
    await this.#sweep;
    await this.#ari?.[Symbol.asyncDispose]();
  }

  #hear(notification: AriNotification): void {
    switch (notification.kind) {
      case 'connected':
        this.#isConnected = true;
        this.directory.connected();
        return this.#sweepSoon();
      case 'disconnected':
        this.#isConnected = false;
        return this.#log.warn({ reason: notification.reason }, 'connection to Asterisk lost');
      case 'event':
        return this.#take(notification.event);
    }
  }

  #take(event: AriEvent): void {
    if (event.type === 'ApplicationReplaced') {
      return this.#log.error(
        { application: event.application },
        'another control plane took over this application: calls no longer reach us',
      );
    }
    if (this.#channels.dispatch(event) || event.type !== 'StasisStart') return;
    const isInbound = event.args[0] === 'inbound';
    if (isInbound && !this.#closing.signal.aborted) return this.#arrive(event.channel, event.args[1] ?? event.channel.dialplan.exten);
    // A media or transfer channel whose leg ended while it was being made, or a caller who came while we close: in Stasis without us
    // he would hear nothing for ever.
    this.#log.info({ channelId: event.channel.id, isInbound }, 'a channel without a leg is hung up');
    const cause = isInbound ? rejectCause('not_ready') : NORMAL;
    const request = { channelId: event.channel.id, reason_code: String(cause) };
    if (this.#ari !== null) void settle({ log: this.#log }, this.#ari.call('channels.hangup', request));
  }

  #arrive(channel: Channel, dialledNumber: string): void {
    const { recordingsFolder } = this.#options;
    // Before there is a listener the caller waits for the sweep that comes with it.
    if (this.#listener === null || this.#ari === null || this.#legs.has(channel.id)) return;
    const leg = openLeg(this.#parts(this.#ari), {
      channel,
      dialledNumber,
      recordingPath: recordingsFolder === null ? null : join(recordingsFolder, `${channel.id}.wav`),
    });
    this.#legs.set(leg.legId, leg);
    void leg.cleaned.then(() => this.#forget(leg.legId));
    this.#listener(leg);
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
    return { ari, channels: this.#channels, log: this.#log, nowMs: this.#options.nowMs, mediaUrl: mediaUrl.href };
  }

  /** One sweep after the other; a failed one is repeated at the next connection or half a minute later. */
  #sweepSoon(): void {
    this.#sweep = this.#sweep.then(async () => {
      try {
        await this.#sweepNow();
      } catch (error) {
        this.#log.error({ err: error }, 'comparing with Asterisk failed');
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
    const { channels, allChannelIds, bridgeIds } = await readApplication(this.#ari, this.#closing.signal);
    const present = new Set(channels.map((channel) => channel.id));
    for (const [legId, leg] of this.#legs) if (before.has(legId) && !present.has(legId)) leg.lost();
    // A representative who hung up meanwhile: the caller must not sit alone in the bridge.
    for (const channelId of seen) if (!allChannelIds.has(channelId)) this.#channels.lose(channelId);
    const isOwned = (id: string): boolean => [...this.#legs.keys()].some((legId) => id === legId || id.startsWith(`${legId}-`));
    const strangers = channels.filter((channel) => !isOwned(channel.id));
    const callers = strangers.filter((channel) => inboundNumber(channel) !== null);
    await destroyLeftovers(
      { ari: this.#ari, log: this.#log },
      {
        channelIds: strangers.filter((channel) => inboundNumber(channel) === null).map((channel) => channel.id),
        bridgeIds: bridgeIds.filter((bridgeId) => !isOwned(bridgeId)),
      },
    );
    await Promise.all(callers.map((channel) => this.#takeStranger(this.#ari as AriClient, channel)));
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

/** The dialled number of a caller who is in Stasis, from the arguments of the dialplan's application; null for other channels. */
function inboundNumber(channel: Channel): string | null {
  const [, direction, number] = channel.dialplan.app_data.split(',');
  return channel.dialplan.app_name === 'Stasis' && direction === 'inbound' ? (number ?? channel.dialplan.exten) : null;
}
