// A call that we place: INVITE, its answer or refusal, authentication, cancelling.
import { randomBytes } from 'node:crypto';
import type { MediaLeg } from './call-media.ts';
import { formatSdp, parseSdp } from './sdp.ts';
import type { CallHandler, SipCall, SipOutcome } from './sip-call.ts';
import { contactOf, EstablishedCall } from './sip-call.ts';
import { SipDialog } from './sip-dialog.ts';
import { answerChallenge } from './sip-digest.ts';
import type { SipCredentials } from './sip-digest.ts';
import { headerOf } from './sip-message.ts';
import type { SipRequest, SipResponse } from './sip-message.ts';
import type { ClientTransaction, SipTransport } from './sip-transport.ts';
import type { G711Codec } from '@centralita/control-plane/audio/g711.ts';

export type OutgoingParts = {
  readonly transport: SipTransport;
  readonly leg: MediaLeg;
  readonly number: string;
  readonly from: string;
  readonly domain: string;
  readonly codecs: readonly G711Codec[];
  readonly credentials: SipCredentials | null;
  readonly signal: AbortSignal;
  /** Makes the call known for requests that come for it; the answer forgets it. */
  readonly attach: (callId: string, handler: CallHandler) => () => void;
};

/** Sends the INVITE. The signal cancels a call that rings and hangs up one that is answered. */
export function placeCall(parts: OutgoingParts): SipCall {
  const call = new OutgoingCall(parts);
  return call.start();
}

class OutgoingCall {
  readonly #parts: OutgoingParts;
  readonly #callId = `${randomBytes(12).toString('hex')}@caller`;
  readonly #tag = randomBytes(6).toString('hex');
  readonly #sdp: string;
  readonly #established: EstablishedCall;
  readonly #progress: { status: number; atMs: number }[] = [];
  #cseq = 1;
  #transaction: ClientTransaction | null = null;
  #isCancelling = false;

  constructor(parts: OutgoingParts) {
    this.#parts = parts;
    this.#sdp = formatSdp({ host: parts.transport.address.host, port: parts.leg.port, codecs: parts.codecs });
    let detach = (): void => undefined;
    const abort = () => void this.#hangUp();
    this.#established = new EstablishedCall({
      transport: parts.transport,
      leg: parts.leg,
      onEnded() {
        parts.signal.removeEventListener('abort', abort);
        detach();
      },
    });
    detach = parts.attach(this.#callId, {
      onRequest: (request) => this.#established.onRequest(request, this.#sdp),
      onRepeatedOk: () => this.#established.acknowledge(this.#cseq),
    });
    parts.signal.addEventListener('abort', abort, { once: true });
  }

  start(): SipCall {
    const startedAt = performance.now();
    const outcome = this.#invite();
    const state = () => this.#established.state ?? (this.#progress.some(({ status }) => status >= 180) ? 'ringing' : 'calling');
    return {
      ...this.#parts.leg.media,
      callId: this.#callId,
      get state() {
        return state();
      },
      startedAt,
      progress: this.#progress,
      outcome,
      ended: this.#established.ended,
      hangUp: () => this.#hangUp(),
      [Symbol.asyncDispose]: async () => void (await this.#hangUp()),
    };
  }

  async #invite(): Promise<SipOutcome> {
    let response = await this.#attempt(null);
    const challenge = response ? challengeOf(response) : null;
    if (challenge && this.#parts.credentials && !this.#isCancelling) {
      this.#cseq++;
      response = await this.#attempt(challenge);
    }
    const atMs = performance.now();
    if (response && response.status < 300) return this.#answered(response, atMs);
    this.#established.neverAnswered();
    if (this.#isCancelling) return { kind: 'cancelled', atMs };
    if (!response) return { kind: 'no_response', atMs };
    return { kind: 'rejected', status: response.status, reason: response.reason, atMs };
  }

  async #attempt(challenge: Challenge | null): Promise<SipResponse | null> {
    this.#transaction = this.#parts.transport.request(this.#request(challenge), (response) => this.#provisional(response));
    return this.#transaction.final;
  }

  #request(challenge: Challenge | null): SipRequest {
    const { number, from, domain, transport, credentials } = this.#parts;
    const uri = `sip:${number}@${domain}`;
    const answer = challenge && credentials ? answerChallenge(challenge.value, credentials, { method: 'INVITE', uri }) : null;
    return {
      kind: 'request',
      method: 'INVITE',
      uri,
      headers: [
        ['Max-Forwards', '70'],
        ['From', `<sip:${from}@${domain}>;tag=${this.#tag}`],
        ['To', `<${uri}>`],
        ['Call-ID', this.#callId],
        ['CSeq', `${this.#cseq} INVITE`],
        ['Contact', contactOf(transport, from)],
        ['Allow', 'INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE'],
        ...(challenge && answer ? [[challenge.answerIn, answer] as const] : []),
        ['Content-Type', 'application/sdp'],
      ],
      body: this.#sdp,
    };
  }

  #provisional(response: SipResponse): void {
    this.#progress.push({ status: response.status, atMs: performance.now() });
    const remote = parseSdp(response.body);
    if (remote) this.#parts.leg.connect(remote);
    // A CANCEL may only follow a provisional answer.
    if (this.#isCancelling && this.#progress.length === 1 && this.#transaction) this.#parts.transport.cancel(this.#transaction.branch);
  }

  #answered(response: SipResponse, atMs: number): SipOutcome {
    this.#established.establish(SipDialog.ofAnswer(response, this.#cseq));
    this.#established.acknowledge(this.#cseq);
    const remote = parseSdp(response.body);
    if (remote) this.#parts.leg.connect(remote);
    // No sound that we understand, or an answer that crossed our CANCEL.
    if (!remote || this.#isCancelling) void this.#established.hangUp();
    return this.#isCancelling ? { kind: 'cancelled', atMs } : { kind: 'answered', atMs };
  }

  async #hangUp() {
    const isRinging = this.#progress.length > 0;
    void this.#established.hangUp();
    if (!this.#isCancelling && this.#transaction && isRinging) this.#parts.transport.cancel(this.#transaction.branch);
    this.#isCancelling = true;
    return this.#established.ended;
  }
}

type Challenge = { readonly value: string; readonly answerIn: 'Authorization' | 'Proxy-Authorization' };

/** The challenge of a 401 or 407; null for any other answer. */
export function challengeOf(response: SipResponse): Challenge | null {
  if (response.status === 401) return { value: headerOf(response, 'www-authenticate'), answerIn: 'Authorization' };
  if (response.status === 407) return { value: headerOf(response, 'proxy-authenticate'), answerIn: 'Proxy-Authorization' };
  return null;
}
