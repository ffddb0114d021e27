// What a call is to whoever plays a caller, and the end that all calls share.
import type { CallMedia, MediaLeg } from './call-media.ts';
import type { SipDialog } from './sip-dialog.ts';
import { headerOf } from './sip-message.ts';
import type { SipRequest } from './sip-message.ts';
import { newBranch } from './sip-transport.ts';
import type { SipTransport } from './sip-transport.ts';

/** How our INVITE ended. Instants are those of `performance.now()`. */
export type SipOutcome =
  | { readonly kind: 'answered'; readonly atMs: number }
  | { readonly kind: 'rejected'; readonly status: number; readonly reason: string; readonly atMs: number }
  | { readonly kind: 'cancelled'; readonly atMs: number }
  | { readonly kind: 'no_response'; readonly atMs: number };

/** How the call ended. `cause` is the other side's Reason header, such as `Q.850;cause=16`. */
export type SipEnd =
  | { readonly kind: 'hung_up_by_us'; readonly atMs: number }
  | { readonly kind: 'hung_up_by_them'; readonly cause: string; readonly atMs: number }
  | { readonly kind: 'never_answered'; readonly atMs: number };

/** `calling` until the other side rings. */
export type SipCallState = 'calling' | 'ringing' | 'answered' | 'ended';

/** One call. Disposing hangs up. */
export type SipCall = CallMedia &
  AsyncDisposable & {
    readonly callId: string;
    /** Where the call stands now, for messages and checks; to wait use `outcome` and `ended`. */
    readonly state: SipCallState;
    /** When our INVITE was sent, or when theirs came. */
    readonly startedAt: number;
    /** Provisional answers (100, 180, 183) as they came; empty for a call that we answered. */
    readonly progress: readonly { readonly status: number; readonly atMs: number }[];
    /** Never rejects. */
    readonly outcome: Promise<SipOutcome>;
    /** Never rejects. */
    readonly ended: Promise<SipEnd>;
    /** Hangs up, or cancels while it rings; resolves when the call has ended. Calling it again is harmless. */
    hangUp(): Promise<SipEnd>;
  };

/** A call that rings here. 180 has been sent. */
export type SipOffer = {
  readonly callId: string;
  /** From and To of the INVITE as they came. */
  readonly from: string;
  readonly to: string;
  /** Header fields of the INVITE. */
  header(name: string): string;
  answer(options?: { record?: boolean }): Promise<SipCall>;
  reject(status: number, reason: string): void;
  /** Resolves when the other side has given up. */
  readonly cancelled: Promise<void>;
};

/** What a dialog of ours does with what comes in for it. */
export type CallHandler = {
  onRequest(request: SipRequest): void;
  /** The other side repeats its 200: our ACK was lost. */
  onRepeatedOk(): void;
};

/** The established part of a call, the same for both directions. */
export class EstablishedCall {
  readonly ended: Promise<SipEnd>;
  readonly #transport: SipTransport;
  readonly #leg: MediaLeg;
  readonly #resolveEnd: (end: SipEnd) => void;
  #dialog: SipDialog | null = null;
  #isOver = false;
  #wasAnswered = false;

  constructor(parts: { transport: SipTransport; leg: MediaLeg; onEnded: () => void }) {
    this.#transport = parts.transport;
    this.#leg = parts.leg;
    const { promise, resolve } = Promise.withResolvers<SipEnd>();
    this.ended = promise;
    this.#resolveEnd = (end) => {
      if (this.#isOver) return;
      this.#isOver = true;
      this.#leg.close();
      parts.onEnded();
      resolve(end);
    };
  }

  /** Null while it is neither answered nor over. */
  get state(): 'answered' | 'ended' | null {
    if (this.#isOver) return 'ended';
    return this.#wasAnswered ? 'answered' : null;
  }

  establish(dialog: SipDialog): void {
    this.#dialog = dialog;
    this.#wasAnswered = true;
  }

  /** Says BYE and waits until the other side has confirmed it or does not answer. */
  async hangUp(): Promise<SipEnd> {
    if (this.#dialog && !this.#isOver) {
      const dialog = this.#dialog;
      this.#dialog = null;
      const atMs = performance.now();
      await this.#transport.request(dialog.request('BYE')).final;
      this.#resolveEnd({ kind: 'hung_up_by_us', atMs });
    }
    return this.ended;
  }

  neverAnswered(): void {
    this.#resolveEnd({ kind: 'never_answered', atMs: performance.now() });
  }

  /** BYE ends the call; requests that change nothing here (re-INVITE, UPDATE, OPTIONS, INFO) are accepted with what holds already. */
  onRequest(request: SipRequest, sdp: string): void {
    if (request.method === 'ACK') return;
    if (request.method !== 'INVITE') this.#transport.reply(request, { status: 200, reason: 'OK' });
    else {
      const headers = [['Content-Type', 'application/sdp'] as const, ['Contact', this.contact()] as const];
      this.#transport.reply(request, { status: 200, reason: 'OK', headers, body: sdp });
    }
    if (request.method === 'BYE') {
      this.#resolveEnd({ kind: 'hung_up_by_them', cause: headerOf(request, 'reason'), atMs: performance.now() });
    }
  }

  acknowledge(cseq: number): void {
    const ack = this.#dialog?.ack(cseq);
    if (ack) this.#transport.send({ ...ack, headers: [this.#transport.via(newBranch()), ...ack.headers] });
  }

  contact(): string {
    return contactOf(this.#transport);
  }
}

/** Where requests of a dialog reach us. */
export function contactOf(transport: SipTransport, user = 'caller'): string {
  return `<sip:${user}@${transport.address.host}:${transport.address.port}>`;
}
