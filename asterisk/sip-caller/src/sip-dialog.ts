// The two parties of an established call and how requests within it are addressed.
import { headerOf, headersOf, uriOf } from './sip-message.ts';
import type { SipHeaders, SipRequest, SipResponse } from './sip-message.ts';

/** One call as both ends know it. */
export class SipDialog {
  readonly #from: string;
  readonly #to: string;
  readonly #callId: string;
  readonly #target: string;
  readonly #routes: readonly string[];
  #cseq: number;

  private constructor(parties: { from: string; to: string; callId: string; target: string; routes: readonly string[]; cseq: number }) {
    this.#from = parties.from;
    this.#to = parties.to;
    this.#callId = parties.callId;
    this.#target = parties.target;
    this.#routes = parties.routes;
    this.#cseq = parties.cseq;
  }

  /** The dialog that a 200 of our INVITE makes. */
  static ofAnswer(response: SipResponse, cseq: number): SipDialog {
    return new SipDialog({
      from: headerOf(response, 'from'),
      to: headerOf(response, 'to'),
      callId: headerOf(response, 'call-id'),
      target: uriOf(headerOf(response, 'contact')),
      routes: recordRoutes(response).toReversed(),
      cseq,
    });
  }

  /** The dialog of an INVITE that we answer with `tag`. */
  static ofOffer(invite: SipRequest, tag: string): SipDialog {
    return new SipDialog({
      from: `${headerOf(invite, 'to')};tag=${tag}`,
      to: headerOf(invite, 'from'),
      callId: headerOf(invite, 'call-id'),
      target: uriOf(headerOf(invite, 'contact')),
      routes: recordRoutes(invite),
      cseq: 0,
    });
  }

  /** The next request of the dialog, without Via. */
  request(method: string): SipRequest {
    this.#cseq++;
    return { kind: 'request', method, uri: this.#target, headers: this.#headers(this.#cseq, method), body: '' };
  }

  /** The ACK of the 200 that has established the dialog, without Via. */
  ack(cseq: number): SipRequest {
    return { kind: 'request', method: 'ACK', uri: this.#target, headers: this.#headers(cseq, 'ACK'), body: '' };
  }

  #headers(cseq: number, method: string): SipHeaders {
    return [
      ...this.#routes.map((route) => ['Route', route] as const),
      ['Max-Forwards', '70'],
      ['From', this.#from],
      ['To', this.#to],
      ['Call-ID', this.#callId],
      ['CSeq', `${cseq} ${method}`],
    ];
  }
}

function recordRoutes(message: SipRequest | SipResponse): string[] {
  return headersOf(message, 'record-route').flatMap((value) => value.split(/,(?=\s*<)/).map((route) => route.trim()));
}
