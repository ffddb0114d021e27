// A call that rings here: 180, then an answer that is repeated until it is acknowledged, or a refusal.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { G711Codec } from '@centralita/control-plane/audio/g711.ts';
import type { MediaLeg } from './call-media.ts';
import { formatSdp, parseSdp } from './sdp.ts';
import type { RemoteMedia } from './sdp.ts';
import { contactOf, EstablishedCall } from './sip-call.ts';
import type { CallHandler, SipCall, SipOffer } from './sip-call.ts';
import { SipDialog } from './sip-dialog.ts';
import { headerOf } from './sip-message.ts';
import type { SipRequest } from './sip-message.ts';
import type { SipReply, SipTransport } from './sip-transport.ts';

export type IncomingParts = {
  readonly transport: SipTransport;
  readonly invite: SipRequest;
  readonly codecs: readonly G711Codec[];
  readonly openLeg: (record: boolean) => Promise<MediaLeg>;
  readonly attach: (callId: string, handler: CallHandler) => () => void;
};

/** The 200 is repeated each half second, sixteen times at most. */
const REPEAT_MS = 500;
const REPEATS = 16;

type State =
  | { kind: 'ringing' }
  | { kind: 'answered'; call: EstablishedCall; sdp: string; acknowledged: AbortController }
  | { kind: 'over' };

/** Rings. Refuses with 488 at once, and answers null, when the offer has no G.711 in it. */
export function ring(parts: IncomingParts): SipOffer | null {
  const remote = parseSdp(parts.invite.body);
  if (!remote) {
    parts.transport.reply(parts.invite, { status: 488, reason: 'Not Acceptable Here', tag: 'none' });
    return null;
  }
  return new IncomingCall(parts, remote).offer();
}

class IncomingCall {
  readonly #parts: IncomingParts;
  readonly #remote: RemoteMedia;
  readonly #tag = randomBytes(6).toString('hex');
  readonly #startedAt = performance.now();
  readonly #cancelled = Promise.withResolvers<void>();
  readonly #detach: () => void;
  #state: State = { kind: 'ringing' };

  constructor(parts: IncomingParts, remote: RemoteMedia) {
    this.#parts = parts;
    this.#remote = remote;
    this.#detach = parts.attach(headerOf(parts.invite, 'call-id'), {
      onRequest: (request) => this.#onRequest(request),
      onRepeatedOk: () => undefined,
    });
    this.#reply({ status: 180, reason: 'Ringing' });
  }

  offer(): SipOffer {
    const { invite } = this.#parts;
    return {
      callId: headerOf(invite, 'call-id'),
      from: headerOf(invite, 'from'),
      to: headerOf(invite, 'to'),
      header: (name) => headerOf(invite, name),
      answer: (options) => this.#answer(options?.record ?? true),
      reject: (status, reason) => {
        if (this.#state.kind === 'ringing') this.#refuse({ status, reason });
      },
      cancelled: this.#cancelled.promise,
    };
  }

  async #answer(record: boolean): Promise<SipCall> {
    const leg = await this.#parts.openLeg(record);
    if (this.#state.kind !== 'ringing') {
      leg.close();
      throw new Error('the call no longer rings: it was cancelled, refused or answered before');
    }
    const call = new EstablishedCall({ transport: this.#parts.transport, leg, onEnded: () => this.#over() });
    call.establish(SipDialog.ofOffer(this.#parts.invite, this.#tag));
    leg.connect(this.#remote);
    const sdp = formatSdp({
      host: this.#parts.transport.address.host,
      port: leg.port,
      codecs: [this.#remote.codec],
      ...(this.#remote.dtmfPayload === null ? {} : { dtmfPayload: this.#remote.dtmfPayload }),
    });
    const acknowledged = new AbortController();
    this.#state = { kind: 'answered', call, sdp, acknowledged };
    void this.#repeatAnswer(sdp, acknowledged.signal);
    return {
      ...leg.media,
      callId: headerOf(this.#parts.invite, 'call-id'),
      get state() {
        return call.state ?? 'ringing';
      },
      startedAt: this.#startedAt,
      progress: [],
      outcome: Promise.resolve({ kind: 'answered', atMs: performance.now() }),
      ended: call.ended,
      hangUp: () => call.hangUp(),
      [Symbol.asyncDispose]: async () => void (await call.hangUp()),
    };
  }

  async #repeatAnswer(sdp: string, acknowledged: AbortSignal): Promise<void> {
    for (let sent = 0; sent < REPEATS && !acknowledged.aborted; sent++) {
      this.#reply({ status: 200, reason: 'OK', headers: [['Content-Type', 'application/sdp']], body: sdp });
      await sleep(REPEAT_MS, undefined, { signal: acknowledged, ref: false }).catch(() => undefined);
    }
  }

  #onRequest(request: SipRequest): void {
    const state = this.#state;
    if (request.method === 'CANCEL') {
      this.#parts.transport.reply(request, { status: 200, reason: 'OK' });
      if (state.kind !== 'ringing') return;
      this.#refuse({ status: 487, reason: 'Request Terminated' });
      this.#cancelled.resolve();
    } else if (state.kind === 'answered') {
      state.acknowledged.abort();
      state.call.onRequest(request, state.sdp);
    }
  }

  #refuse(reply: SipReply): void {
    this.#reply(reply);
    this.#over();
  }

  #over(): void {
    if (this.#state.kind === 'answered') this.#state.acknowledged.abort();
    this.#state = { kind: 'over' };
    this.#detach();
  }

  #reply(reply: SipReply): void {
    const { transport, invite } = this.#parts;
    const headers = [['Contact', contactOf(transport)] as const, ...(reply.headers ?? [])];
    transport.reply(invite, { ...reply, headers, tag: this.#tag });
  }
}
