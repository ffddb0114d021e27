// Channels and bridges of the stand-in for Asterisk, and the events that their changes cause.
import type { AriEvent } from 'asterisk-ari-client/generated/events.ts';
import type { Bridge, Channel } from 'asterisk-ari-client/generated/models.ts';

/** The far end of a channel: a caller, a telephone, or a media socket. */
export type FarEnd = {
  /** Sound of the others in the bridge, a frame at a time. */
  hear(pcm: Int16Array): void;
  answered(): void;
  ended(cause: number): void;
};

/** A channel with what only the stand-in knows of it. */
export type StandInChannel = {
  readonly id: string;
  readonly kind: 'caller' | 'media' | 'phone';
  readonly endpoint: string;
  readonly callerNumber: string;
  readonly dialledNumber: string;
  readonly args: readonly string[];
  readonly farEnd: FarEnd;
  readonly channelvars: Readonly<Record<string, string>>;
  state: 'Ring' | 'Down' | 'Ringing' | 'Up';
  isInStasis: boolean;
  language?: string;
  /** A text of it is no valid UTF-8: nothing is told of it, and it cannot be described. */
  readonly isUnreadable?: boolean;
  /** Whether it hears music of Asterisk’s; what comes over a bridge is heard with it. */
  hasMusic?: boolean;
  /** Set when the channel is added. */
  createdAt?: string;
};

/** Why a channel ends. `soft` as in Asterisk: from inside; `cause` is then a flag, and `q850` what the far end is told. */
export type ChannelEnd = { readonly q850: number; readonly soft?: { readonly flag: number } };

/** Events before the application's name, the time and the server are added. */
export type BareEvent = AriEvent extends infer E ? (E extends AriEvent ? Omit<E, 'application' | 'timestamp'> : never) : never;

/** Refused like Asterisk refuses: with a status. */
export class StandInRefusal extends Error {
  override readonly name = 'StandInRefusal';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Q.850: a normal end. */
export const NORMAL_CLEARING = 16;

/** AST_SOFTHANGUP_EXPLICIT: how a hang-up by ARI reads. */
export const EXPLICIT = { flag: 32 } as const;

type StandInBridge = { readonly id: string; readonly name: string; readonly members: Set<string> };

/** The switchboard. `emit` gets every event in order. */
export class Switchboard {
  readonly #application: string;
  readonly #emit: (event: BareEvent) => void;
  readonly #channels = new Map<string, StandInChannel>();
  readonly #bridges = new Map<string, StandInBridge>();
  readonly #bridgeByChannel = new Map<string, StandInBridge>();

  constructor(options: { readonly application: string; readonly emit: (event: BareEvent) => void }) {
    this.#application = options.application;
    this.#emit = options.emit;
  }

  get channels(): readonly StandInChannel[] {
    return [...this.#channels.values()];
  }

  get bridges(): readonly Bridge[] {
    return [...this.#bridges.values()].map(asBridge);
  }

  channel(id: string): StandInChannel {
    const found = this.#channels.get(id);
    if (found === undefined) throw new StandInRefusal(404, 'Channel not found');
    return found;
  }

  describe(channel: StandInChannel): Channel {
    return asChannel(channel, this.#application);
  }

  add(channel: StandInChannel): void {
    if (this.#channels.has(channel.id)) throw new StandInRefusal(409, 'Channel with given unique ID already exists');
    channel.createdAt = new Date().toISOString();
    this.#channels.set(channel.id, channel);
  }

  /** Puts a channel into the application. */
  enter(id: string): void {
    const channel = this.channel(id);
    channel.isInStasis = true;
    if (channel.isUnreadable === true) return;
    this.#emit({ type: 'StasisStart', args: channel.args, channel: this.describe(channel) });
  }

  setState(id: string, state: StandInChannel['state']): void {
    const channel = this.channel(id);
    if (channel.state === state) return;
    channel.state = state;
    this.#emit({ type: 'ChannelStateChange', channel: this.describe(channel) });
    if (state === 'Up') channel.farEnd.answered();
  }

  /** Of all functions and variables only the channel's language is known. */
  setVariable(id: string, { name, value }: { readonly name: string; readonly value: string }): void {
    if (name !== 'CHANNEL(language)') throw new StandInRefusal(501, `the stand-in does not know the variable ${name}`);
    this.channel(id).language = value;
  }

  setMusic(id: string, hasMusic: boolean): void {
    this.channel(id).hasMusic = hasMusic;
  }

  end(id: string, end: ChannelEnd): void {
    const channel = this.channel(id);
    const described = this.describe(channel);
    const told = end.soft === undefined ? { cause: end.q850 } : { soft: true, cause: end.soft.flag };
    // A caller's plain BYE carries no cause.
    const isPlain = end.soft === undefined && end.q850 === NORMAL_CLEARING;
    this.#emit({ type: 'ChannelHangupRequest', channel: described, ...(isPlain ? {} : told) });
    this.#takeOut(id);
    this.#channels.delete(id);
    this.#emit({ type: 'StasisEnd', channel: described });
    // Of an inbound channel Asterisk tells the destruction only to those who subscribed to it.
    if (channel.kind !== 'caller') {
      this.#emit({ type: 'ChannelDestroyed', cause: end.q850, cause_txt: `cause ${end.q850}`, channel: described });
    }
    channel.farEnd.ended(end.q850);
  }

  createBridge(id: string, name: string): Bridge {
    if (this.#bridges.has(id)) throw new StandInRefusal(409, 'Bridge with given unique ID already exists');
    const bridge = { id, name, members: new Set<string>() };
    this.#bridges.set(id, bridge);
    return asBridge(bridge);
  }

  destroyBridge(id: string): void {
    for (const member of this.#bridge(id).members) this.#bridgeByChannel.delete(member);
    this.#bridges.delete(id);
  }

  join(bridgeId: string, channelIds: readonly string[]): void {
    const bridge = this.#bridge(bridgeId);
    if (!channelIds.every((id) => this.#channels.has(id))) throw new StandInRefusal(400, 'Channel not found');
    for (const id of channelIds) {
      this.#takeOut(id);
      bridge.members.add(id);
      this.#bridgeByChannel.set(id, bridge);
    }
  }

  leave(bridgeId: string, channelIds: readonly string[]): void {
    const bridge = this.#bridge(bridgeId);
    for (const id of channelIds) {
      if (!bridge.members.has(id)) throw new StandInRefusal(409, 'Channel not in this bridge');
      this.#takeOut(id);
    }
  }

  dial(id: string, dialstatus: string): void {
    this.#emit({ type: 'Dial', dialstatus, peer: this.describe(this.channel(id)) });
  }

  pressKey(id: string, digit: string): void {
    this.#emit({ type: 'ChannelDtmfReceived', digit, duration_ms: 100, channel: this.describe(this.channel(id)) });
  }

  /** A frame from the far end of `id` reaches everybody else in its bridge. */
  speak(id: string, pcm: Int16Array): void {
    for (const other of this.#bridgeByChannel.get(id)?.members ?? []) {
      const listener = other === id ? undefined : this.#channels.get(other);
      if (listener?.state === 'Up') listener.farEnd.hear(pcm);
    }
  }

  #bridge(id: string): StandInBridge {
    const found = this.#bridges.get(id);
    if (found === undefined) throw new StandInRefusal(404, 'Bridge not found');
    return found;
  }

  #takeOut(channelId: string): void {
    this.#bridgeByChannel.get(channelId)?.members.delete(channelId);
    this.#bridgeByChannel.delete(channelId);
  }
}

function asBridge(bridge: StandInBridge): Bridge {
  return {
    id: bridge.id,
    technology: 'simple_bridge',
    bridge_type: 'mixing',
    bridge_class: 'stasis',
    creator: 'Stasis',
    name: bridge.name,
    channels: [...bridge.members],
    creationtime: '2026-01-01T00:00:00.000+0000',
  };
}

function asChannel(channel: StandInChannel, application: string): Channel {
  return {
    id: channel.id,
    protocol_id: '',
    name: `${channel.endpoint}-${channel.id}`,
    state: channel.state,
    caller: { name: '', number: channel.callerNumber },
    connected: { name: '', number: '' },
    accountcode: '',
    dialplan: {
      context: 'inbound',
      exten: channel.dialledNumber,
      priority: 1,
      app_name: 'Stasis',
      app_data: [application, ...channel.args].join(','),
    },
    creationtime: channel.createdAt ?? '2026-01-01T00:00:00.000+0000',
    language: channel.language ?? 'en',
    channelvars: channel.channelvars,
  };
}
