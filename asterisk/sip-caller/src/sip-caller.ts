// A telephone in software: exact about time, cheap enough for a hundred calls in one process. For tests, benchmarks and the provisioner's test call.
import { randomBytes } from 'node:crypto';
import { alaw, ulaw } from '@centralita/control-plane/audio/g711.ts';
import { openMediaLeg } from './call-media.ts';
import type { MediaLeg } from './call-media.ts';
import { ring } from './incoming-call.ts';
import { challengeOf, placeCall } from './outgoing-call.ts';
import { RtpTicker } from './rtp-ticker.ts';
import { contactOf } from './sip-call.ts';
import type { CallHandler, SipCall, SipOffer } from './sip-call.ts';
import { answerChallenge } from './sip-digest.ts';
import type { SipCredentials } from './sip-digest.ts';
import { headerOf } from './sip-message.ts';
import type { SipRequest } from './sip-message.ts';
import { SipTransport } from './sip-transport.ts';
import type { SipAddress } from './sip-transport.ts';

export type SipCallerOptions = {
  /** Everything is sent here; it is also the domain of our addresses. */
  readonly server: SipAddress;
  /** Own address; loopback by default. */
  readonly localHost?: string;
  /** Own SIP port; any free one by default. */
  readonly localPort?: number;
  /** RTP ports to use in turn, both ends included; any free ones by default. */
  readonly rtpPorts?: { readonly from: number; readonly to: number };
  /** The user of our address, and who answers challenges. Without a name we are `caller`; without a password a challenge is a refusal. */
  readonly username?: string;
  readonly password?: string;
  /** Which law to prefer; the other one is offered too. */
  readonly codec?: 'PCMU' | 'PCMA';
};

export type CallOptions = {
  /** Cancels while it rings, hangs up when answered. */
  readonly signal: AbortSignal;
  /** The user part of From; the caller's own name by default. */
  readonly from?: string;
  /** False keeps packet times and levels only, not the sound: for load. */
  readonly record?: boolean;
};

export type Registration =
  | { readonly kind: 'registered'; readonly expiresS: number }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'no_response' };

/** An open telephone. Disposing hangs up all its calls and unregisters. */
export type SipCaller = AsyncDisposable & {
  readonly address: SipAddress;
  /** Places a call; resolves when the INVITE has been sent. */
  call(number: string, options: CallOptions): Promise<SipCall>;
  /** Registers, so that calls to `username` ring here. Not renewed: tests last less than the 300 s asked for. */
  register(): Promise<Registration>;
  /** Who is asked when a call rings; without anybody it is refused with 480. */
  onIncoming(listener: (offer: SipOffer) => void): void;
};

const REGISTER_S = 300;

/** Opens the socket of a telephone. Throws when the port is taken. */
export async function openSipCaller(options: SipCallerOptions): Promise<SipCaller> {
  const caller = new Caller(options);
  await caller.open();
  return {
    address: caller.transport.address,
    call: (number, callOptions) => caller.call(number, callOptions),
    register: () => caller.register(REGISTER_S),
    onIncoming: (listener) => caller.onIncoming(listener),
    [Symbol.asyncDispose]: () => caller.close(),
  };
}

class Caller {
  transport!: SipTransport;
  readonly #options: SipCallerOptions;
  readonly #host: string;
  readonly #credentials: SipCredentials | null;
  readonly #codecs;
  readonly #ticker = new RtpTicker();
  readonly #handlers = new Map<string, CallHandler>();
  readonly #closing = new AbortController();
  readonly #calls = new Set<SipCall>();
  readonly #ports: Iterator<number>;
  readonly #registerCallId = `${randomBytes(12).toString('hex')}@caller`;
  #registerCseq = 0;
  #isRegistered = false;
  #listener: ((offer: SipOffer) => void) | null = null;

  constructor(options: SipCallerOptions) {
    this.#options = options;
    this.#host = options.localHost ?? '127.0.0.1';
    const { username, password } = options;
    this.#credentials = username !== undefined && password !== undefined ? { username, password } : null;
    this.#codecs = options.codec === 'PCMA' ? [alaw, ulaw] : [ulaw, alaw];
    this.#ports = portsOf(options.rtpPorts);
  }

  async open(): Promise<void> {
    this.transport = await SipTransport.open({
      host: this.#host,
      port: this.#options.localPort ?? 0,
      server: this.#options.server,
      onRequest: (request) => this.#onRequest(request),
      onRepeatedOk: (response) => this.#handlers.get(headerOf(response, 'call-id'))?.onRepeatedOk(),
    });
  }

  onIncoming(listener: (offer: SipOffer) => void): void {
    this.#listener = listener;
  }

  async call(number: string, { signal, from, record = true }: CallOptions): Promise<SipCall> {
    const leg = await this.#openLeg(record);
    if (signal.aborted) {
      leg.close();
      throw signal.reason as Error;
    }
    const call = placeCall({
      transport: this.transport,
      leg,
      number,
      from: from ?? this.#user,
      domain: this.#domain,
      codecs: this.#codecs,
      credentials: this.#credentials,
      signal,
      attach: (callId, handler) => this.#attach(callId, handler),
    });
    this.#keep(call);
    return call;
  }

  async register(expiresS: number): Promise<Registration> {
    const plain = this.#registerRequest(expiresS);
    let response = await this.transport.request(plain).final;
    const challenge = response ? challengeOf(response) : null;
    if (challenge && this.#credentials) {
      const answer = answerChallenge(challenge.value, this.#credentials, { method: 'REGISTER', uri: plain.uri });
      const again = this.#registerRequest(expiresS);
      if (answer) response = await this.transport.request({ ...again, headers: [...again.headers, [challenge.answerIn, answer]] }).final;
    }
    if (!response) return { kind: 'no_response' };
    if (response.status >= 300) return { kind: 'refused', status: response.status };
    this.#isRegistered = expiresS > 0;
    return { kind: 'registered', expiresS };
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    await Promise.all([...this.#calls].map((call) => call.hangUp()));
    if (this.#isRegistered) await this.register(0);
    await this.transport[Symbol.asyncDispose]();
  }

  get #user(): string {
    return this.#options.username ?? 'caller';
  }

  get #domain(): string {
    return `${this.#options.server.host}:${this.#options.server.port}`;
  }

  #openLeg(record: boolean): Promise<MediaLeg> {
    return openMediaLeg({ host: this.#host, ports: this.#ports, ticker: this.#ticker, record });
  }

  #attach(callId: string, handler: CallHandler): () => void {
    this.#handlers.set(callId, handler);
    return () => this.#handlers.delete(callId);
  }

  #keep(call: SipCall): void {
    this.#calls.add(call);
    void call.ended.then(() => this.#calls.delete(call));
  }

  #onRequest(request: SipRequest): void {
    const handler = this.#handlers.get(headerOf(request, 'call-id'));
    if (handler) return handler.onRequest(request);
    if (request.method === 'INVITE') return this.#onInvite(request);
    if (request.method === 'ACK') return;
    const isKnown = request.method === 'OPTIONS' || request.method === 'NOTIFY';
    this.transport.reply(request, isKnown ? { status: 200, reason: 'OK' } : { status: 481, reason: 'Call Does Not Exist' });
  }

  #onInvite(invite: SipRequest): void {
    const listener = this.#listener;
    if (!listener || this.#closing.signal.aborted) {
      return this.transport.reply(invite, { status: 480, reason: 'Temporarily Unavailable', tag: 'none' });
    }
    const offer = ring({
      transport: this.transport,
      invite,
      codecs: this.#codecs,
      openLeg: (record) => this.#openLeg(record),
      attach: (callId, handler) => this.#attach(callId, handler),
    });
    if (!offer) return;
    const answer = async (options?: { record?: boolean }) => {
      const call = await offer.answer(options);
      this.#keep(call);
      return call;
    };
    listener({ ...offer, answer });
  }

  #registerRequest(expiresS: number): SipRequest {
    this.#registerCseq++;
    const address = `<sip:${this.#user}@${this.#domain}>`;
    return {
      kind: 'request',
      method: 'REGISTER',
      uri: `sip:${this.#domain}`,
      headers: [
        ['Max-Forwards', '70'],
        ['From', `${address};tag=${randomBytes(6).toString('hex')}`],
        ['To', address],
        ['Call-ID', this.#registerCallId],
        ['CSeq', `${this.#registerCseq} REGISTER`],
        ['Contact', contactOf(this.transport, this.#user)],
        ['Expires', String(expiresS)],
      ],
      body: '',
    };
  }
}

/** Ports in turn, so that a port is not used again while late packets of its last call may come. Port 0 is any free one. */
function* portsOf(range: { from: number; to: number } | undefined): Generator<number, never> {
  for (let port = range?.from ?? 0; ; port = range && port < range.to ? port + 1 : (range?.from ?? 0)) yield port;
}
