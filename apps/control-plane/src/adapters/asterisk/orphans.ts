// What belongs to no call, by kind: for the count of what the sweep destroys.
import type { Channel } from 'asterisk-ari-client/generated/models.ts';
import type { OrphanKind } from '#ports/call-control.ts';
import { MAX_RINGING_MS } from './limits.ts';
import { isMediaChannel } from './survivors.ts';

/** A channel of ours that is no caller's. */
export function orphanKind(channel: Pick<Channel, 'name'>): Exclude<OrphanKind, 'ringing' | 'bridge'> {
  return isMediaChannel(channel) ? 'media' : 'transfer';
}

/** Whether a caller has heard ringing for longer than anybody would let him. */
export function ringsTooLong(channel: Pick<Channel, 'state' | 'creationtime'> | undefined, now = Date.now()): boolean {
  return channel?.state === 'Ring' && now - Date.parse(channel.creationtime) > MAX_RINGING_MS;
}
