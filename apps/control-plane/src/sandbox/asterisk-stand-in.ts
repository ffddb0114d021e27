// A stand-in for Asterisk that speaks its real protocols over real sockets: the sandbox's telephone system, and the tests'.
// Not modelled: SIP, codecs, mixing of three voices, and everything of ARI that the control plane does not use (501).
import type { WebSocket } from 'ws';
import { openFarEnd, type StandInLeg, type StandInPhone } from './asterisk-stand-in-leg.ts';
import type { StandInMedia } from './asterisk-stand-in-media.ts';
import type { StandInObjects } from './asterisk-stand-in-objects.ts';
import { answerRequest, type RingingPhone, type StandInRestParts } from './asterisk-stand-in-rest.ts';
import { openStandInServer, type StandInServer } from './asterisk-stand-in-server.ts';
import { type BareEvent, type FarEnd, Switchboard } from './asterisk-stand-in-switchboard.ts';

/** How the stand-in is reached; the defaults are the sandbox's. */
export type AsteriskStandInOptions = {
  /** 0, the default, takes a free one. */
  readonly port?: number;
  readonly username?: string;
  readonly password?: string;
  readonly application?: string;
};

/** A call that arrives; `isUnreadable`: with a text that is no valid UTF-8, such as a Call-ID. */
export type StandInCall = { readonly dialledNumber: string; readonly callerNumber: string; readonly isUnreadable?: boolean };

/** The open stand-in. */
export type AsteriskStandIn = AsyncDisposable & {
  /** What `openAsterisk` connects to, with `username`, `password` and `application`. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly application: string;
  /** The dynamic configuration. */
  readonly objects: StandInObjects;
  /** Lets a call arrive. It ends at once with cause 34 when nobody controls this Asterisk, as with the dialplan's safety net behind a balancer. */
  placeCall(numbers: StandInCall): StandInLeg;
  /** Registers a telephone; without one the endpoint cannot be dialled. `listener` gets it each time it rings. */
  registerPhone(endpoint: string, listener: (phone: StandInPhone) => void): void;
  /** What is still there: all empty after a clean end. */
  leftovers(): { readonly channels: readonly string[]; readonly bridges: readonly string[]; readonly mediaSockets: number };
  /** Cuts the controlling connection; Asterisk and its calls live on. */
  cutControl(): void;
  /** Cuts every media socket. */
  cutMedia(): void;
  /** Sends a message of your own to every media socket: text, or bytes as sound. */
  injectMedia(message: string | Uint8Array): void;
  /** Sends a text of your own on the event socket. */
  injectEvent(text: string): void;
};

/** Half a frame: playout is at most this late. */
const TICK_MS = 10;

/** Q.850: the telephone rang and nobody answered. */
const RANG_IN_VAIN = 19;

/** Opens it on loopback. */
export async function openAsteriskStandIn(options: AsteriskStandInOptions = {}): Promise<AsteriskStandIn> {
  const standIn = new LiveStandIn(options);
  await standIn.open(options.port ?? 0);
  return standIn;
}

class LiveStandIn implements AsteriskStandIn {
  readonly username: string;
  readonly password: string;
  readonly application: string;
  readonly objects: StandInObjects = new Map();
  readonly #media = new Map<string, StandInMedia>();
  readonly #listeners = new Map<string, (phone: StandInPhone) => void>();
  readonly #phones = new Map<string, StandInPhone>();
  readonly #switchboard: Switchboard;
  readonly #ticker: NodeJS.Timeout;
  #server: StandInServer | null = null;
  #lastCall = 0;
  readonly #startedAt = new Date().toISOString();

  constructor(options: AsteriskStandInOptions) {
    this.username = options.username ?? 'centralita';
    this.password = options.password ?? 'stand-in';
    this.application = options.application ?? 'centralita';
    this.#switchboard = new Switchboard({ application: this.application, emit: (event) => this.#emit(event) });
    this.#ticker = setInterval(() => {
      const nowMs = performance.now();
      for (const media of this.#media.values()) media.step(nowMs);
    }, TICK_MS);
  }

  async open(port: number): Promise<void> {
    const parts: StandInRestParts = {
      switchboard: this.#switchboard,
      application: this.application,
      objects: this.objects,
      startedAt: () => this.#startedAt,
      media: this.#media,
      openPhone: (endpoint, channelId) => this.#openPhone(endpoint, channelId),
      onRing: (ringing) => this.#ring(ringing),
    };
    this.#server = await openStandInServer({
      port,
      username: this.username,
      password: this.password,
      answer: (method, uri, body) => answerRequest(parts, { method, uri, body }),
      canAttach: (connectionId) => this.#media.get(connectionId)?.isAttached === false,
      attach: (connectionId, socket) => this.#attach(connectionId, socket),
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#opened.port}`;
  }

  placeCall({ dialledNumber, callerNumber, isUnreadable = false }: StandInCall): StandInLeg {
    this.#lastCall += 1;
    const id = `${Math.floor(Date.now() / 1_000)}.${this.#lastCall}`;
    const endpoint = 'PJSIP/caller';
    const { leg, farEnd } = openFarEnd(this.#switchboard, id, endpoint);
    const args = ['inbound', dialledNumber];
    this.#switchboard.add({
      id,
      kind: 'caller',
      endpoint,
      callerNumber,
      dialledNumber,
      args,
      farEnd,
      channelvars: {},
      state: 'Ring',
      isInStasis: false,
      isUnreadable,
    });
    this.#switchboard.enter(id);
    if (!this.#opened.isControlled) leg.decline(34);
    return leg;
  }

  registerPhone(endpoint: string, listener: (phone: StandInPhone) => void): void {
    this.#listeners.set(endpoint, listener);
  }

  leftovers(): ReturnType<AsteriskStandIn['leftovers']> {
    return {
      channels: this.#switchboard.channels.map((channel) => channel.id),
      bridges: this.#switchboard.bridges.map((bridge) => bridge.id),
      mediaSockets: this.#opened.mediaSockets.size,
    };
  }

  cutControl(): void {
    this.#opened.cutControl();
  }

  cutMedia(): void {
    for (const media of this.#media.values()) media.cut();
  }

  injectMedia(message: string | Uint8Array): void {
    for (const socket of this.#opened.mediaSockets) socket.send(message);
  }

  injectEvent(text: string): void {
    this.#opened.tell(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#ticker);
    for (const phone of this.#phones.values()) phone.hangUp();
    await this.#opened[Symbol.asyncDispose]();
  }

  get #opened(): StandInServer {
    if (this.#server === null) throw new Error('the stand-in is not open');
    return this.#server;
  }

  #emit(event: BareEvent): void {
    const fields = { application: this.application, timestamp: new Date().toISOString(), asterisk_id: 'stand-in' };
    this.#opened.tell(JSON.stringify({ ...event, ...fields }));
  }

  #attach(connectionId: string, socket: WebSocket): void {
    const channel = this.#switchboard.channels.find((each) => each.channelvars['MEDIA_WEBSOCKET_CONNECTION_ID'] === connectionId);
    if (channel === undefined) return socket.terminate();
    this.#media.get(connectionId)?.attach(socket);
    this.#switchboard.enter(channel.id);
    this.#switchboard.setState(channel.id, 'Up');
  }

  #openPhone(endpoint: string, channelId: string): FarEnd | null {
    if (!this.#listeners.has(endpoint)) return null;
    const { leg, farEnd } = openFarEnd(this.#switchboard, channelId, endpoint);
    this.#phones.set(channelId, leg);
    void leg.ended.then(() => this.#phones.delete(channelId));
    return farEnd;
  }

  #ring({ channelId, endpoint, timeoutMs }: RingingPhone): void {
    const phone = this.#phones.get(channelId);
    if (phone === undefined) return;
    const timer = setTimeout(() => phone.decline(RANG_IN_VAIN), timeoutMs);
    void Promise.race([phone.answered, phone.ended]).then(() => clearTimeout(timer));
    this.#listeners.get(endpoint)?.(phone);
  }
}
