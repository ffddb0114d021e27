// The sound of one call: a packet each 20 ms whatever happens, speech and DTMF when asked, everything received on a timeline.
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { ulaw } from '@centralita/control-plane/audio/g711.ts';
import type { G711Codec } from '@centralita/control-plane/audio/g711.ts';
import { openRtcpResponder } from './rtcp-responder.ts';
import { dtmfKey, dtmfPayload, parseRtp, RTP_HEADER_BYTES, writeRtpHeader } from './rtp-packet.ts';
import type { RtpTicker } from './rtp-ticker.ts';
import { PACKET_SAMPLES, RtpTimeline } from './rtp-timeline.ts';
import type { Received } from './rtp-timeline.ts';
import type { RemoteMedia } from './sdp.ts';

/** When something was sent; instants of `performance.now()`. */
export type Spoken = { readonly startedAt: number; readonly endedAt: number };
/** Audio before `sinceAt` is not looked at; packets softer than `thresholdDbfs` (-50 by default) are silence. */
export type Waiting = { readonly sinceAt?: number; readonly thresholdDbfs?: number; readonly signal: AbortSignal };

/** What a caller can say and hear. All of it can be used from the moment the call exists; nothing is sent before the other side has told its address. */
export type CallMedia = {
  /** Says 8 kHz PCM16 behind what is being said; resolves when its last sample has been sent. Rejects when the call ends first. */
  say(pcm: Int16Array): Promise<Spoken>;
  /** Throws away what has not been said yet; the promises of `say` resolve with the instant at which they were cut. */
  stopSaying(): void;
  /** Presses one key for 160 ms as RFC 4733 events; throws `RangeError` on anything that is no key. */
  sendDtmf(digit: string): Promise<Spoken>;
  received(): Received;
  /** Arrival of the first audible packet at or after `sinceAt`; null while there is none. */
  firstAudioAt(sinceAt?: number, thresholdDbfs?: number): number | null;
  /** Arrival of the last audible packet at or after `sinceAt` (its sound lasts 20 ms more); null while there is none. */
  lastAudioAt(sinceAt?: number, thresholdDbfs?: number): number | null;
  /** Resolves with the arrival of the first audible packet. Rejects when the signal aborts or the call ends. */
  waitForAudio(waiting: Waiting): Promise<number>;
  /** Resolves with the instant of the last audible packet once `silenceMs` have passed since it: audio first, then silence. */
  waitForSilence(silenceMs: number, waiting: Waiting): Promise<number>;
};

/** The same with what only the signalling uses. */
export type MediaLeg = {
  readonly media: CallMedia;
  readonly port: number;
  connect(remote: RemoteMedia): void;
  /** Ends sending and receiving; what was received stays readable. */
  close(): void;
};

export type MediaOptions = {
  readonly host: string;
  readonly ports: Iterator<number>;
  readonly ticker: RtpTicker;
  readonly record: boolean;
};

/** 160 ms: above the 40 ms that RFC 4733 receivers ask for, and what a thumb does. */
const DTMF_PACKETS = 8;
/** Silence behind a key, so that the same key twice is two keys. */
const DTMF_PAUSE_PACKETS = 3;
const BIND_ATTEMPTS = 50;

type Outgoing =
  | { readonly kind: 'speech'; readonly pcm: Int16Array; readonly sent: Sent }
  | { readonly kind: 'key'; readonly key: number; readonly sent: Sent };
type Sent = { startedAt: number | null; packets: number; resolve: (spoken: Spoken) => void; reject: (error: Error) => void };
type Waiter = { check: (nowMs: number) => boolean; reject: (error: Error) => void };

/** Opens the socket of one call on the next free port. */
export async function openMediaLeg(options: MediaOptions): Promise<MediaLeg> {
  const leg = new Leg(await bindNext(options), options);
  return { media: leg.media(), port: leg.port, connect: (remote) => leg.connect(remote), close: () => leg.close() };
}

async function bindNext(options: MediaOptions): Promise<Socket> {
  for (let attempt = 1; ; attempt++) {
    const socket = createSocket('udp4');
    try {
      socket.bind(Number(options.ports.next().value ?? 0), options.host);
      await once(socket, 'listening');
      return socket;
    } catch (cause) {
      socket.close();
      if (attempt === BIND_ATTEMPTS) throw new Error(`no free RTP port on ${options.host} in ${BIND_ATTEMPTS} tries`, { cause });
    }
  }
}

class Leg {
  readonly port: number;
  readonly #socket: Socket;
  readonly #timeline: RtpTimeline;
  readonly #forget: () => void;
  readonly #host: string;
  #reports: ReturnType<typeof openRtcpResponder> | null = null;
  readonly #packet = Buffer.alloc(RTP_HEADER_BYTES + PACKET_SAMPLES);
  readonly #ssrc = randomInt(2 ** 32);
  #sequence = randomInt(2 ** 15);
  #timestamp = randomInt(2 ** 31);
  #codec: G711Codec = ulaw;
  #dtmfPayload: number | null = null;
  #isConnected = false;
  #wantsMarker = true;
  #closed: Error | null = null;
  #outgoing: Outgoing[] = [];
  #waiters = new Set<Waiter>();

  constructor(socket: Socket, options: MediaOptions) {
    this.#socket = socket;
    this.port = socket.address().port;
    this.#host = options.host;
    this.#timeline = new RtpTimeline({ keepsSound: options.record });
    socket.on('message', (bytes) => this.#receive(bytes));
    // The other side closes its port some packets before its BYE arrives; the system then reports refused packets here.
    socket.on('error', () => undefined);
    this.#forget = options.ticker.add((nowMs) => this.#tick(nowMs));
  }

  media(): CallMedia {
    return {
      say: (pcm) => this.#send((sent) => ({ kind: 'speech', pcm, sent })),
      stopSaying: () => this.#stopSaying(),
      sendDtmf: (digit) => {
        const key = dtmfKey(digit);
        return this.#send((sent) => ({ kind: 'key', key, sent }));
      },
      received: () => this.#timeline.received(),
      firstAudioAt: (sinceAt, thresholdDbfs) => this.#timeline.firstAudioAt(sinceAt, thresholdDbfs),
      lastAudioAt: (sinceAt, thresholdDbfs) => this.#timeline.lastAudioAt(sinceAt, thresholdDbfs),
      waitForAudio: (waiting) => this.#wait(waiting, () => this.#timeline.firstAudioAt(waiting.sinceAt, waiting.thresholdDbfs)),
      waitForSilence: (silenceMs, waiting) =>
        this.#wait(waiting, (nowMs) => {
          const lastAt = this.#timeline.lastAudioAt(waiting.sinceAt, waiting.thresholdDbfs);
          return lastAt !== null && nowMs - lastAt >= silenceMs ? lastAt : null;
        }),
    };
  }

  connect(remote: RemoteMedia): void {
    this.#codec = remote.codec;
    this.#dtmfPayload = remote.dtmfPayload;
    if (this.#isConnected || this.#closed) return;
    this.#isConnected = true;
    this.#reports = openRtcpResponder({ host: this.#host, port: this.port + 1, ssrc: this.#ssrc });
    // A connected socket needs no address look-up per packet.
    this.#socket.connect(remote.port, remote.host);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = new Error('the call has ended');
    this.#forget();
    this.#reports?.close();
    this.#socket.close();
    for (const { sent } of this.#outgoing.splice(0)) sent.reject(this.#closed);
    for (const waiter of this.#waiters) waiter.reject(this.#closed);
    this.#waiters.clear();
  }

  #receive(bytes: Buffer): void {
    const packet = parseRtp(bytes);
    // Comfort noise and DTMF events are no sound.
    if (packet?.payloadType === this.#codec.payloadType) this.#timeline.add(packet, this.#codec, performance.now());
  }

  #tick(nowMs: number): void {
    if (this.#isConnected) this.#sendPacket(nowMs);
    for (const waiter of this.#waiters) if (waiter.check(nowMs)) this.#waiters.delete(waiter);
  }

  #sendPacket(nowMs: number): void {
    const current = this.#outgoing[0];
    if (current) current.sent.startedAt ??= nowMs;
    if (current?.kind === 'key') this.#sendKey(current, nowMs);
    else this.#sendSound(current ?? null, nowMs);
    this.#timestamp += PACKET_SAMPLES;
  }

  #sendSound(current: (Outgoing & { kind: 'speech' }) | null, nowMs: number): void {
    const codes = this.#packet.subarray(RTP_HEADER_BYTES);
    codes.fill(this.#codec.silence);
    if (current) {
      const { pcm, sent } = current;
      const from = sent.packets++ * PACKET_SAMPLES;
      const piece = pcm.subarray(from, from + PACKET_SAMPLES);
      this.#codec.encode(piece, codes);
      if (from + PACKET_SAMPLES >= pcm.length) this.#finish(nowMs + piece.length / 8);
    }
    this.#write(this.#packet, { payloadType: this.#codec.payloadType, timestamp: this.#timestamp });
  }

  #sendKey(current: Outgoing & { kind: 'key' }, nowMs: number): void {
    const packets = ++current.sent.packets;
    if (packets > DTMF_PACKETS) {
      if (packets === DTMF_PACKETS + DTMF_PAUSE_PACKETS) this.#finish(nowMs);
      return this.#sendSound(null, nowMs);
    }
    const end = packets === DTMF_PACKETS;
    const packet = Buffer.concat([
      Buffer.alloc(RTP_HEADER_BYTES),
      dtmfPayload({ key: current.key, end, samples: packets * PACKET_SAMPLES }),
    ]);
    this.#wantsMarker = packets === 1;
    // All packets of an event carry the timestamp of its start; its end is sent three times because one may be lost.
    const timestamp = this.#timestamp - (packets - 1) * PACKET_SAMPLES;
    for (let copy = 0; copy < (end ? 3 : 1); copy++) this.#write(packet, { payloadType: this.#dtmfPayload as number, timestamp });
  }

  #write(packet: Buffer, header: { payloadType: number; timestamp: number }): void {
    writeRtpHeader(packet, { ...header, marker: this.#wantsMarker, sequence: this.#sequence++, ssrc: this.#ssrc });
    this.#wantsMarker = false;
    try {
      // A datagram is handed to the system within the call, so the buffer can be used again; a refused one is lost like any other.
      this.#socket.send(packet, () => undefined);
    } catch {
      // The socket is not connected yet: the first packet of a call is lost, as on any network.
    }
  }

  #send(make: (sent: Sent) => Outgoing): Promise<Spoken> {
    const { promise, resolve, reject } = Promise.withResolvers<Spoken>();
    // Whoever plays a scenario may have gone on before the call ended.
    promise.catch(() => undefined);
    const outgoing = make({ startedAt: null, packets: 0, resolve, reject });
    if (this.#closed) reject(this.#closed);
    else if (outgoing.kind === 'key' && this.#isConnected && this.#dtmfPayload === null)
      reject(new Error('the other side takes no DTMF events'));
    else this.#outgoing.push(outgoing);
    return promise;
  }

  #finish(endedAt: number): void {
    const sent = this.#outgoing.shift()?.sent;
    sent?.resolve({ startedAt: sent.startedAt ?? endedAt, endedAt });
  }

  #stopSaying(): void {
    const nowMs = performance.now();
    while (this.#outgoing.length > 0) this.#finish(nowMs);
  }

  #wait({ signal }: Waiting, look: (nowMs: number) => number | null): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    if (this.#closed) reject(this.#closed);
    const waiter: Waiter = {
      check(nowMs) {
        const found = look(nowMs);
        if (found !== null) resolve(found);
        return found !== null;
      },
      reject,
    };
    const abort = () => {
      this.#waiters.delete(waiter);
      reject(signal.reason as Error);
    };
    if (signal.aborted) abort();
    else if (!this.#closed && !waiter.check(performance.now())) this.#waiters.add(waiter);
    signal.addEventListener('abort', abort, { once: true });
    return promise.finally(() => signal.removeEventListener('abort', abort));
  }
}
