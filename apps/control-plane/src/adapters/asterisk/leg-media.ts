// Builds the sound of a leg: a mixing bridge with the caller and a media channel whose other end is our socket.
import type { AriClient } from 'asterisk-ari-client';
import { AriError, isConflict, isNotFound } from 'asterisk-ari-client/ari-error.ts';
import type { AudioTransportEvent } from '#ports/audio-transport.ts';
import type { Log } from '#shared/log.ts';
import type { ChannelEvents } from './channel-events.ts';
import type { Connection } from './connection.ts';
import { MEDIA_SETUP_MS, CLEAN_UP_MS } from './limits.ts';
import type { AsteriskObserver } from './observed-ari.ts';
import { type MediaSocket, openMediaSocket } from './media-socket.ts';

/** What every part of the adapter shares. */
export type AsteriskParts = {
  readonly ari: AriClient;
  readonly channels: ChannelEvents;
  readonly connection: Connection;
  readonly log: Log;
  readonly nowMs: () => number;
  /** Whether a SIP balancer stands in front, which tries another box when this one is full. */
  readonly behindBalancer?: boolean;
  /** Where the media sockets are, such as `ws://127.0.0.1:8088/media/`. */
  readonly mediaUrl: string;
  readonly observer: Pick<AsteriskObserver, 'media' | 'dropped'>;
};

/** A built sound. */
export type LegMedia = {
  readonly bridgeId: string;
  readonly channelId: string;
  readonly socket: MediaSocket;
};

/** Names of what is built. The caller chooses them, so that they can be destroyed whatever became of the requests. */
export type LegMediaNames = { readonly callerId: string; readonly bridgeId: string; readonly channelId: string };

/** Where the sound is built: `join` puts only a new media channel into the bridge that the caller is in already. */
export type LegMediaPlace = LegMediaNames & { readonly join: boolean };

/** The listener of the transport and the signal that ends the building. */
export type LegMediaOptions = { readonly listener: (event: AudioTransportEvent) => void; readonly signal: AbortSignal };

/**
 * Builds, or destroys what it had built and rejects; a bridge that was there before stays, with the caller in it. A socket that breaks before the sound
 * is given makes this reject: the listener hears of no end of a sound that it never had, which it would take for the end of its own. So does a cut of the
 * control connection: the events that would be waited for are lost with it.
 */
export async function openLegMedia(parts: AsteriskParts, names: LegMediaPlace, options: LegMediaOptions): Promise<LegMedia> {
  const cut = new AbortController();
  using _watch = parts.connection.onCut((error) => cut.abort(error));
  const signal = AbortSignal.any([options.signal, cut.signal, AbortSignal.timeout(MEDIA_SETUP_MS)]);
  const channel = watchMediaChannel(parts, names.channelId, signal);
  let isGiven = false;
  const listener = (event: AudioTransportEvent): void => {
    if (event.kind === 'closed') channel.silenced();
    if (event.kind !== 'closed' || isGiven) options.listener(event);
  };
  let socket: MediaSocket | null = null;
  try {
    socket = await buildMedia(parts, names, { listener, signal, entered: channel.entered });
    const joining = names.join ? [names.channelId] : [names.callerId, names.channelId];
    await parts.ari.call('bridges.addChannel', { bridgeId: names.bridgeId, channel: joining }, { signal });
    if (socket.isClosed) throw new Error('the media socket closed while its channel was put into the bridge');
    isGiven = true;
    return { bridgeId: names.bridgeId, channelId: names.channelId, socket };
  } catch (error) {
    socket?.legEnded();
    channel[Symbol.dispose]();
    await (names.join ? endMediaChannel(parts, names.channelId) : destroyMedia(parts, names));
    throw error;
  }
}

/** Ends the media channel and the bridge. Never throws: what cannot be destroyed now is found by the next sweep for leftovers. */
export async function destroyMedia(parts: AsteriskParts, names: Pick<LegMediaNames, 'bridgeId' | 'channelId'>): Promise<void> {
  await Promise.all([endMediaChannel(parts, names.channelId), destroyBridge(parts, names.bridgeId)]);
}

/** Ends the media channel alone; never throws, as above. */
export async function endMediaChannel(parts: AsteriskParts, channelId: string): Promise<void> {
  await settle(parts, parts.ari.call('channels.hangup', { channelId }, { timeoutMs: CLEAN_UP_MS }));
}

/** The same for a sound that was built for a while: the channel that heard it stays, and is in no bridge afterwards. */
export async function removeMedia(parts: AsteriskParts, names: LegMediaNames): Promise<void> {
  const { bridgeId, callerId } = names;
  const removed = parts.ari.call('bridges.removeChannel', { bridgeId, channel: [callerId] }, { timeoutMs: CLEAN_UP_MS });
  await settle(parts, removed.catch(unlessRefused));
  await destroyMedia(parts, names);
}

/** A channel that hung up meanwhile is refused with 400 or 422, by the moment, rather than with 404: it is in the bridge no more, which was wanted. */
function unlessRefused(error: unknown): void {
  if (!(error instanceof AriError) || error.kind !== 'refused') throw error;
}

/** Ends a bridge alone; never throws, as above. */
export async function destroyBridge(parts: AsteriskParts, bridgeId: string): Promise<void> {
  await settle(parts, parts.ari.call('bridges.destroy', { bridgeId }, { timeoutMs: CLEAN_UP_MS }));
}

/** Asterisk's words for a bridge that is not there or not ours; what is wrong with the channel that was to be added is told with 400 and 422. */
export function isBridgeGone(error: unknown): boolean {
  return error instanceof AriError && error.operation === 'bridges.addChannel' && (isNotFound(error) || isConflict(error));
}

/** Waits for a clean-up request; that the thing is gone already is what was wanted. */
export async function settle(parts: Pick<AsteriskParts, 'log'>, request: Promise<unknown>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (!isNotFound(error)) parts.log.warn({ err: error }, 'clean-up in Asterisk failed');
  }
}

type BuildOptions = LegMediaOptions & { readonly entered: Promise<void> };

async function buildMedia(parts: AsteriskParts, names: LegMediaPlace, options: BuildOptions): Promise<MediaSocket> {
  const { ari } = parts;
  const { signal, entered } = options;
  const created = { bridgeId: names.bridgeId, type: 'mixing', name: ari.application };
  const bridge = names.join ? Promise.resolve() : ari.call('bridges.createWithId', created, { signal });
  try {
    const socket = await connectMedia(parts, names, options);
    try {
      await Promise.all([bridge, entered]);
      return socket;
    } catch (error) {
      socket.legEnded();
      throw error;
    }
  } finally {
    await bridge.catch(() => undefined);
  }
}

/** A media channel of ours, until its sound is over. */
type MediaChannel = Disposable & {
  /** Settles when it is in our application; rejects when it or its socket ended before, or with the signal's reason. */
  readonly entered: Promise<void>;
  /** Its socket closed. */
  silenced(): void;
};

/** Watches the channel. As long as it is watched it is not taken for one without a leg, should its beginning be told again. */
function watchMediaChannel({ channels }: AsteriskParts, channelId: string, signal: AbortSignal): MediaChannel {
  const entered = Promise.withResolvers<void>();
  const abort = (): void => entered.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  const watch = channels.watch(channelId, (event) => {
    if (event.type === 'StasisStart') entered.resolve();
    if (event.type === 'ChannelDestroyed') entered.reject(new Error(`the media channel ended during set-up with cause ${event.cause}`));
  });
  // Whoever waits for it looks at it later; until then a rejection must not count as unhandled.
  entered.promise.catch(() => undefined);
  const dispose = (): void => {
    signal.removeEventListener('abort', abort);
    watch[Symbol.dispose]();
  };
  return {
    entered: entered.promise,
    silenced() {
      // The event of the channel's own end is lost where the control connection broke with the socket.
      entered.reject(new Error('the media socket closed during set-up'));
      dispose();
    },
    [Symbol.dispose]: dispose,
  };
}

async function connectMedia(parts: AsteriskParts, names: LegMediaNames, options: LegMediaOptions): Promise<MediaSocket> {
  const channel = await parts.ari.call(
    'channels.externalMedia',
    {
      app: parts.ari.application,
      channelId: names.channelId,
      // We connect to Asterisk: its id is the only secret of the socket and works once.
      external_host: 'INCOMING',
      transport: 'websocket',
      encapsulation: 'none',
      connection_type: 'server',
      format: 'slin16',
    },
    { signal: options.signal },
  );
  const connectionId = channel.channelvars?.['MEDIA_WEBSOCKET_CONNECTION_ID'];
  if (typeof connectionId !== 'string')
    throw new Error('Asterisk gave the media channel no MEDIA_WEBSOCKET_CONNECTION_ID: is chan_websocket loaded?');
  const { listener, signal } = options;
  const { log, nowMs, observer } = parts;
  return await openMediaSocket({ url: parts.mediaUrl + connectionId, listener, log, nowMs, observe: observer.media, signal });
}
