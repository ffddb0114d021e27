// What a crash of the control plane leaves up in Asterisk: callers in Stasis, the bridges they are in, and the people they talk with.
import type { Bridge, Channel } from 'asterisk-ari-client/generated/models.ts';

/** A caller who is still there, and what was built for him. */
export type Survivor = {
  readonly channel: Channel;
  readonly dialledNumber: string;
  /** The bridge that he is in; null when the crash came before one was built. */
  readonly bridgeId: string | null;
  /** The person he talks with in it; null when there is none. */
  readonly representativeId: string | null;
};

/** The dialled number of a caller who is in Stasis, from the arguments of the dialplan's application; null for other channels. */
export function inboundNumber(channel: Channel): string | null {
  const [, direction, number] = channel.dialplan.app_data.split(',');
  return channel.dialplan.app_name === 'Stasis' && direction === 'inbound' ? (number ?? channel.dialplan.exten) : null;
}

/** Whether a channel is our sound rather than somebody's telephone. */
export function isMediaChannel(channel: Pick<Channel, 'name'>): boolean {
  return channel.name.startsWith('WebSocket/');
}

/** The callers among the application's channels. A person who is still rung is nobody's partner: he is found by the sweep and let go. */
export function findSurvivors(state: { readonly channels: readonly Channel[]; readonly bridges: readonly Bridge[] }): readonly Survivor[] {
  const byId = new Map(state.channels.map((channel) => [channel.id, channel]));
  return state.channels.flatMap((channel) => {
    const dialledNumber = inboundNumber(channel);
    if (dialledNumber === null) return [];
    const bridge = state.bridges.find((each) => each.channels.includes(channel.id));
    const representative = bridge?.channels
      .map((id) => byId.get(id))
      .find((other) => other !== undefined && other.id !== channel.id && other.state === 'Up' && !isMediaChannel(other));
    return [{ channel, dialledNumber, bridgeId: bridge?.id ?? null, representativeId: representative?.id ?? null }];
  });
}
