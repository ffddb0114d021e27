// Everything received, on an absolute timeline: gaps become silence, and each packet keeps the instant at which it came.
import { rmsDbfs, SILENCE_DBFS } from '@centralita/control-plane/audio/frame.ts';
import type { G711Codec } from '@centralita/control-plane/audio/g711.ts';

/** Samples of a packet of 20 ms at 8 kHz. */
export const PACKET_SAMPLES = 160;
/** Timestamps that leave the arrival clock by more than this begin anew at the time of arrival: another source, or a sender that jumped. */
const JUMP_SAMPLES = 4_000;
/** Longest recording: an hour at 8 kHz is 58 MB. What comes later is counted and not kept. */
const MAX_SAMPLES = 3_600 * 8_000;
/** Softer packets are silence: G.711's smallest step is -72 dBFS, line noise of a test rig is nil, speech is above -40. */
export const AUDIBLE_DBFS = -50;

export type TimelinePacket = { readonly timestamp: number; readonly ssrc: number; readonly payload: Uint8Array };

/** What was heard. Instants are those of `performance.now()`. */
export type Received = {
  /** Instant of the first sample; null when nothing came. */
  readonly startedAt: number | null;
  /** 8 kHz; empty when the call does not record. */
  readonly pcm: Int16Array;
  /** Arrival of each packet, in the order of arrival. */
  readonly arrivedAt: readonly number[];
  /** Level of each packet in dBFS. */
  readonly levelDbfs: readonly number[];
};

/** The receiving side of one call. */
export class RtpTimeline {
  readonly #keepsSound: boolean;
  readonly #arrivedAt: number[] = [];
  readonly #levelDbfs: number[] = [];
  #pcm = new Int16Array(0);
  #end = 0;
  #origin: { timestamp: number; ssrc: number } | null = null;
  #scratch = new Int16Array(PACKET_SAMPLES);

  constructor(options: { keepsSound: boolean }) {
    this.#keepsSound = options.keepsSound;
  }

  add(packet: TimelinePacket, codec: G711Codec, atMs: number): void {
    const samples = packet.payload.length;
    const isSilent = packet.payload.every((code) => code === codec.silence);
    if (this.#scratch.length < samples) this.#scratch = new Int16Array(samples);
    const pcm = this.#scratch.subarray(0, samples);
    if (!isSilent) codec.decode(packet.payload, pcm);
    this.#arrivedAt.push(atMs);
    this.#levelDbfs.push(isSilent ? SILENCE_DBFS : rmsDbfs(pcm));
    if (!this.#keepsSound) return;
    const position = this.#positionOf(packet, atMs);
    if (isSilent) pcm.fill(0);
    if (position >= 0 && position + samples <= MAX_SAMPLES) this.#write(position, pcm);
  }

  received(): Received {
    return {
      startedAt: this.#arrivedAt[0] ?? null,
      pcm: this.#pcm.slice(0, this.#end),
      arrivedAt: this.#arrivedAt,
      levelDbfs: this.#levelDbfs,
    };
  }

  /** Arrival of the first audible packet at or after `sinceAt`; null while there is none. */
  firstAudioAt(sinceAt = 0, thresholdDbfs = AUDIBLE_DBFS): number | null {
    const index = this.#arrivedAt.findIndex((atMs, i) => atMs >= sinceAt && (this.#levelDbfs[i] as number) >= thresholdDbfs);
    return this.#arrivedAt[index] ?? null;
  }

  /** Arrival of the last audible packet at or after `sinceAt`; null while there is none. */
  lastAudioAt(sinceAt = 0, thresholdDbfs = AUDIBLE_DBFS): number | null {
    for (let i = this.#arrivedAt.length - 1; i >= 0 && (this.#arrivedAt[i] as number) >= sinceAt; i--) {
      if ((this.#levelDbfs[i] as number) >= thresholdDbfs) return this.#arrivedAt[i] as number;
    }
    return null;
  }

  /** Samples from the start: by timestamp, so that jitter leaves no trace, corrected by arrival when the timestamps jump. */
  #positionOf({ timestamp, ssrc }: TimelinePacket, atMs: number): number {
    const byArrival = Math.round((atMs - (this.#arrivedAt[0] as number)) * 8);
    if (this.#origin?.ssrc === ssrc) {
      const byTimestamp = (timestamp - this.#origin.timestamp) | 0;
      if (Math.abs(byTimestamp - byArrival) <= JUMP_SAMPLES) return byTimestamp;
    }
    const position = Math.max(byArrival, this.#origin ? this.#end : 0);
    this.#origin = { timestamp: (timestamp - position) | 0, ssrc };
    return position;
  }

  #write(position: number, pcm: Int16Array): void {
    const end = position + pcm.length;
    if (end > this.#pcm.length) {
      const larger = new Int16Array(Math.max(end, this.#pcm.length * 2, 80_000));
      larger.set(this.#pcm);
      this.#pcm = larger;
    }
    this.#pcm.set(pcm, position);
    this.#end = Math.max(this.#end, end);
  }
}
