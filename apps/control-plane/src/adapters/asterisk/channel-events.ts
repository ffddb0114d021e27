// Hands each ARI event to whoever owns the channel that it is about.
import type { AriEvent } from 'asterisk-ari-client/generated/events.ts';

/** Owners by channel. */
export type ChannelEvents = {
  /** Hears every event about `channelId` until disposed. One owner per channel. */
  watch(channelId: string, listener: (event: AriEvent) => void): Disposable;
  isWatched(channelId: string): boolean;
  /** True when somebody owned the channel. */
  dispatch(event: AriEvent): boolean;
};

/** Opens an empty table. */
export function openChannelEvents(): ChannelEvents {
  const owners = new Map<string, (event: AriEvent) => void>();
  return {
    watch(channelId, listener) {
      if (owners.has(channelId)) throw new Error(`channel ${channelId} has an owner already`);
      owners.set(channelId, listener);
      return { [Symbol.dispose]: () => void owners.delete(channelId) };
    },
    isWatched: (channelId) => owners.has(channelId),
    dispatch(event) {
      const channelId = channelIdOf(event);
      const owner = channelId === undefined ? undefined : owners.get(channelId);
      owner?.(event);
      return owner !== undefined;
    },
  };
}

/** A dial is about the channel that rings. */
function channelIdOf(event: AriEvent): string | undefined {
  if (event.type === 'Dial') return event.peer.id;
  return 'channel' in event ? event.channel?.id : undefined;
}
