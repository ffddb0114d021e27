// SIP over one UDP socket: client transactions with retransmission, answers repeated for repeated requests.
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { cseqOf, formatSip, headerOf, headersOf, parameterOf, parseSip } from './sip-message.ts';
import type { SipHeaders, SipMessage, SipRequest, SipResponse } from './sip-message.ts';

export type SipAddress = { readonly host: string; readonly port: number };
export type SipReply = {
  readonly status: number;
  readonly reason: string;
  readonly headers?: SipHeaders;
  readonly body?: string;
  readonly tag?: string;
};

/** RFC 3261's T1: a request without an answer is sent again after it, then after twice as long each time, at most T2. */
const T1_MS = 500;
const T2_MS = 4_000;
/** No answer at all for so long is no answer (RFC 3261 says 32 s; on our networks 8 s mean that nobody is there). */
const NO_ANSWER_MS = 8_000;
/** How long an answer is kept for repetitions of its request. */
const KEEP_MS = 10_000;

/** One request that waits for its answer. */
export type ClientTransaction = {
  readonly branch: string;
  /** The final response; null when nobody answered. */
  readonly final: Promise<SipResponse | null>;
};

export type SipTransportOptions = {
  readonly host: string;
  readonly port: number;
  readonly server: SipAddress;
  readonly onRequest: (request: SipRequest) => void;
  /** A repeated 200 of an INVITE whose ACK was lost. */
  readonly onRepeatedOk: (response: SipResponse) => void;
};

type Pending = {
  readonly request: SipRequest;
  state: 'calling' | 'proceeding' | 'done';
  resolve: (response: SipResponse | null) => void;
  onProvisional: (response: SipResponse) => void;
};

/** The socket and its transactions. */
export class SipTransport implements AsyncDisposable {
  readonly address: SipAddress;
  readonly #socket;
  readonly #options: SipTransportOptions;
  readonly #pending = new Map<string, Pending>();
  readonly #answered = new Map<string, Buffer>();
  readonly #closing = new AbortController();

  static async open(options: SipTransportOptions): Promise<SipTransport> {
    const socket = createSocket('udp4');
    socket.bind(options.port, options.host);
    await once(socket, 'listening');
    return new SipTransport(socket, options);
  }

  private constructor(socket: ReturnType<typeof createSocket>, options: SipTransportOptions) {
    this.#socket = socket;
    this.#options = options;
    this.address = { host: options.host, port: socket.address().port };
    // A server that is not there answers with refused datagrams; the transaction's own limit says so.
    socket.on('error', () => undefined);
    socket.on('message', (bytes) => {
      const message = parseSip(bytes);
      if (message?.kind === 'response') this.#onResponse(message);
      else if (message) this.#onRequest(message);
    });
  }

  /** The Via of a new request. */
  via(branch: string): readonly [string, string] {
    return ['Via', `SIP/2.0/UDP ${this.address.host}:${this.address.port};rport;branch=${branch}`];
  }

  /** Sends a request and waits for its final response; repeats it while nothing comes. An ACK of a refused INVITE is sent from here. */
  request(message: SipRequest, onProvisional: (response: SipResponse) => void = () => undefined): ClientTransaction {
    const branch = newBranch();
    const request: SipRequest = { ...message, headers: [this.via(branch), ...message.headers] };
    const { promise, resolve } = Promise.withResolvers<SipResponse | null>();
    const pending: Pending = { request, state: 'calling', resolve, onProvisional };
    this.#pending.set(transactionKey(branch, request.method), pending);
    void this.#repeat(pending);
    return { branch, final: promise };
  }

  /** Sends a message that has no transaction of its own: the ACK of a 200. */
  send(message: SipMessage): void {
    const { port, host } = this.#options.server;
    if (!this.#closing.signal.aborted) this.#socket.send(formatSip(message), port, host);
  }

  /** Cancels an INVITE: same branch, same CSeq number. */
  cancel(branch: string): void {
    const pending = this.#pending.get(transactionKey(branch, 'INVITE'));
    if (!pending) return;
    const kept = pending.request.headers.filter(([name]) => ['Via', 'From', 'To', 'Call-ID', 'Route', 'Max-Forwards'].includes(name));
    const cseq = ['CSeq', `${cseqOf(pending.request).number} CANCEL`] as const;
    const request: SipRequest = { kind: 'request', method: 'CANCEL', uri: pending.request.uri, headers: [...kept, cseq], body: '' };
    const transaction: Pending = { request, state: 'calling', resolve: () => undefined, onProvisional: () => undefined };
    this.#pending.set(transactionKey(branch, 'CANCEL'), transaction);
    void this.#repeat(transaction);
  }

  /** Answers a request; the same answer goes out again when the request comes again. */
  reply(request: SipRequest, reply: SipReply): void {
    const to = headerOf(request, 'to');
    const tagged = reply.tag && !parameterOf(to, 'tag') ? `${to};tag=${reply.tag}` : to;
    const copied = headersOf(request, 'via').map((value) => ['Via', value] as const);
    const routes = headersOf(request, 'record-route').map((value) => ['Record-Route', value] as const);
    const bytes = formatSip({
      kind: 'response',
      status: reply.status,
      reason: reply.reason,
      headers: [
        ...copied,
        ...routes,
        ['From', headerOf(request, 'from')],
        ['To', tagged],
        ['Call-ID', headerOf(request, 'call-id')],
        ['CSeq', headerOf(request, 'cseq')],
        ...(reply.headers ?? []),
      ],
      body: reply.body ?? '',
    });
    const key = serverKey(request);
    this.#answered.set(key, bytes);
    setTimeout(() => this.#answered.delete(key), KEEP_MS).unref();
    this.#sendBytes(bytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    for (const pending of this.#pending.values()) pending.resolve(null);
    this.#socket.close();
    await once(this.#socket, 'close');
  }

  async #repeat(pending: Pending): Promise<void> {
    const bytes = formatSip(pending.request);
    const giveUpAt = performance.now() + NO_ANSWER_MS;
    for (let waitMs = T1_MS; pending.state === 'calling' && performance.now() < giveUpAt; waitMs = Math.min(waitMs * 2, T2_MS)) {
      this.#sendBytes(bytes);
      await sleep(waitMs, undefined, { signal: this.#closing.signal, ref: false }).catch(() => undefined);
      if (this.#closing.signal.aborted) return;
    }
    if (pending.state === 'calling') this.#finish(pending, null);
  }

  #finish(pending: Pending, response: SipResponse | null): void {
    if (pending.state === 'done') return;
    pending.state = 'done';
    pending.resolve(response);
    // Kept a while, because a refusal that is repeated needs its ACK again.
    const [branch, method] = [parameterOf(headerOf(pending.request, 'via'), 'branch'), pending.request.method];
    setTimeout(() => this.#pending.delete(transactionKey(branch, method)), KEEP_MS).unref();
  }

  #onResponse(response: SipResponse): void {
    const key = transactionKey(parameterOf(headerOf(response, 'via'), 'branch'), cseqOf(response).method);
    const pending = this.#pending.get(key);
    if (!pending) return;
    if (response.status < 200) {
      if (pending.state === 'calling') pending.state = 'proceeding';
      return pending.onProvisional(response);
    }
    const isInvite = pending.request.method === 'INVITE';
    if (isInvite && response.status >= 300) this.#acknowledge(pending.request, response);
    else if (isInvite && pending.state === 'done') this.#options.onRepeatedOk(response);
    this.#finish(pending, response);
  }

  #acknowledge(invite: SipRequest, response: SipResponse): void {
    const kept = invite.headers.filter(([name]) => ['Via', 'From', 'Call-ID', 'Route', 'Max-Forwards'].includes(name));
    const own: SipHeaders = [
      ['To', headerOf(response, 'to')],
      ['CSeq', `${cseqOf(invite).number} ACK`],
    ];
    this.send({ kind: 'request', method: 'ACK', uri: invite.uri, headers: [...kept, ...own], body: '' });
  }

  #onRequest(request: SipRequest): void {
    const repeated = this.#answered.get(serverKey(request));
    if (repeated && request.method !== 'ACK') this.#sendBytes(repeated);
    else this.#options.onRequest(request);
  }

  #sendBytes(bytes: Buffer): void {
    const { port, host } = this.#options.server;
    if (!this.#closing.signal.aborted) this.#socket.send(bytes, port, host);
  }
}

/** A branch as RFC 3261 marks its own. */
export function newBranch(): string {
  return `z9hG4bK${randomBytes(8).toString('hex')}`;
}

function transactionKey(branch: string, method: string): string {
  return `${branch} ${method}`;
}

function serverKey(request: SipRequest): string {
  return `${headerOf(request, 'via')} ${headerOf(request, 'cseq')}`;
}
