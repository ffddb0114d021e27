// The two-way sound of one leg. The far side paces playout; we never run more than a second ahead of it.

/** What arrives from the leg, in order. */
export type AudioTransportEvent =
  /** 20 ms of the caller: 320 samples of PCM16 at 16 kHz. The array is the receiver's to keep. */
  | { readonly kind: 'frame'; readonly pcm: Int16Array; readonly atMs: number }
  /** Everything sent before this mark has been played to the caller. */
  | { readonly kind: 'mark_heard'; readonly markId: string; readonly atMs: number }
  /** Answer to `pollQueue`: frames sent that wait to be played. */
  | { readonly kind: 'queue_length'; readonly frames: number; readonly atMs: number }
  /** The leg's sound is gone; no event follows. The call itself may still be up. */
  | { readonly kind: 'closed'; readonly reason: 'hung_up' | 'lost' | 'closed_by_us'; readonly atMs: number };

/** The sound of one leg. After `closed` every method does nothing. */
export type AudioTransport = AsyncDisposable & {
  /** Sends whole 20 ms frames (a multiple of 320 samples, at most 4,000: 65,500 bytes kill an Asterisk leg, we stay at 8 kB). */
  send(pcm: Int16Array): void;
  /** Sends a mark behind the audio sent so far. A flush discards marks that wait. */
  mark(markId: string): void;
  /** Throws away all audio that waits to be played; the caller hears silence from the next 20 ms slot. */
  flush(): void;
  /** Asks for the number of waiting frames; the answer comes as `queue_length`. */
  pollQueue(): void;
};
