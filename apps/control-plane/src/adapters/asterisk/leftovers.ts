// After a time without connection, events are missing: compares what Asterisk has with what we know, in both directions.
import type { AriClient } from 'asterisk-ari-client';
import { AriError, isNotFound } from 'asterisk-ari-client/ari-error.ts';
import type { Bridge, Channel } from 'asterisk-ari-client/generated/models.ts';
import type { Log } from '#shared/log.ts';
import { settle } from './leg-media.ts';

/** What Asterisk has in our application. */
export type ApplicationState = {
  readonly channels: readonly Channel[];
  /** Of our application, and Asterisk cannot tell what they are: a text of theirs is no valid UTF-8. Nobody heard of them. */
  readonly unreadableIds: readonly string[];
  /** Every channel of this Asterisk, in our application or not; where it cannot list them, ours and those of `watchedIds`. */
  readonly allChannelIds: ReadonlySet<string>;
  readonly bridges: readonly Bridge[];
};

export type ReadOptions = {
  /** Channels that are looked for even where Asterisk cannot list all it has. */
  readonly watchedIds?: readonly string[];
  readonly signal: AbortSignal;
};

/** Reads the application's channels, and the bridges that carry its name (a bridge is subscribed to only once it was used). */
export async function readApplication(ari: AriClient, { watchedIds = [], signal }: ReadOptions): Promise<ApplicationState> {
  const [application, listed, bridges] = await Promise.all([
    ari.call('applications.get', { applicationName: ari.application }, { signal }),
    ari.call('channels.list', {}, { signal }).catch(nullIfUnreadable),
    ari.call('bridges.list', {}, { signal }),
  ]);
  const ours = new Set(application.channel_ids);
  const found = listed ?? (await Promise.all([...ours.union(new Set(watchedIds))].map((id) => readChannel(ari, id, signal))));
  const channels = found.filter((channel) => 'name' in channel);
  return {
    channels: channels.filter(({ id }) => ours.has(id)),
    unreadableIds: found.filter((channel) => 'isUnreadable' in channel && ours.has(channel.id)).map(({ id }) => id),
    allChannelIds: new Set(found.filter((channel) => !('isGone' in channel)).map(({ id }) => id)),
    bridges: bridges.filter((bridge) => bridge.name === ari.application),
  };
}

/** One channel of a list that Asterisk could not make. */
type FoundChannel = Channel | { readonly id: string; readonly isUnreadable: true } | { readonly id: string; readonly isGone: true };

async function readChannel(ari: AriClient, id: string, signal: AbortSignal): Promise<FoundChannel> {
  try {
    return (await ari.call('channels.get', { channelId: id }, { signal }).catch(nullIfUnreadable)) ?? { id, isUnreadable: true };
  } catch (error) {
    if (isNotFound(error)) return { id, isGone: true };
    throw error;
  }
}

/** What cannot be said in JSON is answered with 500 in a list, and with nothing where it is asked for alone (seen with 22.10). */
function nullIfUnreadable(error: unknown): null {
  if (error instanceof AriError && (error.status === 500 || error.kind === 'malformed_answer')) return null;
  throw error;
}

/** Destroys channels and bridges that belong to no leg of ours. */
export async function destroyLeftovers(
  parts: { readonly ari: AriClient; readonly log: Log },
  leftovers: { readonly channelIds: readonly string[]; readonly bridgeIds: readonly string[] },
): Promise<void> {
  const { channelIds, bridgeIds } = leftovers;
  if (channelIds.length + bridgeIds.length > 0) parts.log.warn({ channelIds, bridgeIds }, 'leftovers found in Asterisk');
  await Promise.all([
    ...channelIds.map((channelId) => settle(parts, parts.ari.call('channels.hangup', { channelId }))),
    ...bridgeIds.map((bridgeId) => settle(parts, parts.ari.call('bridges.destroy', { bridgeId }))),
  ]);
}

/** Whether Asterisk still has the channel. */
export async function isChannelAlive(ari: AriClient, channelId: string): Promise<boolean> {
  try {
    await ari.call('channels.get', { channelId });
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

/** When this Asterisk started; null when it does not say. */
export async function readStartedAt(ari: AriClient, signal: AbortSignal): Promise<Date | null> {
  const info = await ari.call('asterisk.getInfo', { only: ['status'] }, { signal });
  const atMs = Date.parse(info.status?.startup_time ?? '');
  return Number.isNaN(atMs) ? null : new Date(atMs);
}
