// Hands each ARI event to whoever owns the channel that it is about.
import type { AriEvent } from 'asterisk-ari-client/generated/events.ts';

/** Owners by channel. */
export type ChannelEvents = {
  /** Hears every event about `channelId` until disposed; `onLost` that the channel ended while nobody listened. One owner per channel. */
  watch(channelId: string, listener: (event: AriEvent) => void, onLost?: () => void): Disposable;
  /** Owned channels of which an event was heard, so that Asterisk must have them as long as they live. */
  seenIds(): readonly string[];
  /** Tells the owner that Asterisk does not have the channel any more. */
  lose(channelId: string): void;
  /** True when somebody owned the channel. */
  dispatch(event: AriEvent): boolean;
};

/** Opens an empty table. */
export function openChannelEvents(): ChannelEvents {
  const owners = new Map<string, { readonly listener: (event: AriEvent) => void; readonly onLost: () => void; isSeen: boolean }>();
  return {
    watch(channelId, listener, onLost = () => undefined) {
      if (owners.has(channelId)) throw new Error(`channel ${channelId} has an owner already`);
      owners.set(channelId, { listener, onLost, isSeen: false });
      return { [Symbol.dispose]: () => void owners.delete(channelId) };
    },
    seenIds: () => [...owners].filter(([, owner]) => owner.isSeen).map(([channelId]) => channelId),
    lose: (channelId) => owners.get(channelId)?.onLost(),
    dispatch(event) {
      const channelId = channelIdOf(event);
      const owner = channelId === undefined ? undefined : owners.get(channelId);
      if (owner === undefined) return false;
      owner.isSeen = true;
      owner.listener(event);
      return true;
    },
  };
}

/** A dial is about the channel that rings. */
function channelIdOf(event: AriEvent): string | undefined {
  if (event.type === 'Dial') return event.peer.id;
  return 'channel' in event ? event.channel?.id : undefined;
}
