// After a time without connection, events are missing: compares what Asterisk has with what we know, in both directions.
import type { AriClient } from 'asterisk-ari-client';
import { isNotFound } from 'asterisk-ari-client/ari-error.ts';
import type { Bridge, Channel } from 'asterisk-ari-client/generated/models.ts';
import type { Log } from '#shared/log.ts';
import { settle } from './leg-media.ts';

/** What Asterisk has in our application. */
export type ApplicationState = {
  readonly channels: readonly Channel[];
  /** Every channel of this Asterisk, in our application or not. */
  readonly allChannelIds: ReadonlySet<string>;
  readonly bridges: readonly Bridge[];
};

/** Reads the application's channels, and the bridges that carry its name (a bridge is subscribed to only once it was used). */
export async function readApplication(ari: AriClient, signal: AbortSignal): Promise<ApplicationState> {
  const [application, channels, bridges] = await Promise.all([
    ari.call('applications.get', { applicationName: ari.application }, { signal }),
    ari.call('channels.list', {}, { signal }),
    ari.call('bridges.list', {}, { signal }),
  ]);
  const ours = new Set(application.channel_ids);
  return {
    channels: channels.filter((channel) => ours.has(channel.id)),
    allChannelIds: new Set(channels.map((channel) => channel.id)),
    bridges: bridges.filter((bridge) => bridge.name === ari.application),
  };
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
