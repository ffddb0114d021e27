// Builds the sound of a leg: a mixing bridge with the caller and a media channel whose other end is our socket.
import type { AriClient } from 'asterisk-ari-client';
import { AriError, isNotFound } from 'asterisk-ari-client/ari-error.ts';
import type { AudioTransportEvent } from '#ports/audio-transport.ts';
import type { Log } from '#shared/log.ts';
import type { ChannelEvents } from './channel-events.ts';
import { MEDIA_SETUP_MS, CLEAN_UP_MS } from './limits.ts';
import type { AsteriskObserver } from './observed-ari.ts';
import { type MediaSocket, openMediaSocket } from './media-socket.ts';

/** What every part of the adapter shares. */
export type AsteriskParts = {
  readonly ari: AriClient;
  readonly channels: ChannelEvents;
  readonly log: Log;
  readonly nowMs: () => number;
  /** Whether a SIP balancer stands in front, which tries another box when this one is full. */
  readonly behindBalancer?: boolean;
  /** Where the media sockets are, such as `ws://127.0.0.1:8088/media/`. */
  readonly mediaUrl: string;
  readonly observer: Pick<AsteriskObserver, 'media'>;
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

/** Builds, or destroys what it had built and rejects. */
export async function openLegMedia(parts: AsteriskParts, names: LegMediaPlace, options: LegMediaOptions): Promise<LegMedia> {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(MEDIA_SETUP_MS)]);
  let socket: MediaSocket | null = null;
  try {
    socket = await buildMedia(parts, names, { ...options, signal });
    const channel = names.join ? [names.channelId] : [names.callerId, names.channelId];
    await parts.ari.call('bridges.addChannel', { bridgeId: names.bridgeId, channel }, { signal });
    return { bridgeId: names.bridgeId, channelId: names.channelId, socket };
  } catch (error) {
    socket?.legEnded();
    await destroyMedia(parts, names);
    throw error;
  }
}

/** Ends the media channel and the bridge. Never throws: what cannot be destroyed now is found by the next sweep for leftovers. */
export async function destroyMedia(parts: AsteriskParts, names: Pick<LegMediaNames, 'bridgeId' | 'channelId'>): Promise<void> {
  await Promise.all([
    settle(parts, parts.ari.call('channels.hangup', { channelId: names.channelId }, { timeoutMs: CLEAN_UP_MS })),
    destroyBridge(parts, names.bridgeId),
  ]);
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

/** Waits for a clean-up request; that the thing is gone already is what was wanted. */
export async function settle(parts: Pick<AsteriskParts, 'log'>, request: Promise<unknown>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (!isNotFound(error)) parts.log.warn({ err: error }, 'clean-up in Asterisk failed');
  }
}

async function buildMedia(parts: AsteriskParts, names: LegMediaPlace, options: LegMediaOptions): Promise<MediaSocket> {
  const { ari, channels } = parts;
  const entered = Promise.withResolvers<void>();
  const { signal } = options;
  const abort = (): void => entered.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  using _watch = channels.watch(names.channelId, (event) => {
    if (event.type === 'StasisStart') entered.resolve();
    if (event.type === 'ChannelDestroyed') entered.reject(new Error(`the media channel ended during set-up with cause ${event.cause}`));
  });
  // Each wait is looked at below; until then a rejection must not count as unhandled.
  entered.promise.catch(() => undefined);
  const created = { bridgeId: names.bridgeId, type: 'mixing', name: ari.application };
  const bridge = names.join ? Promise.resolve() : ari.call('bridges.createWithId', created, { signal });
  try {
    const socket = await connectMedia(parts, names, options);
    try {
      await Promise.all([bridge, entered.promise]);
      return socket;
    } catch (error) {
      socket.legEnded();
      throw error;
    }
  } finally {
    await bridge.catch(() => undefined);
    signal.removeEventListener('abort', abort);
  }
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
