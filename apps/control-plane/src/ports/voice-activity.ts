// Is it speech? Answered for each 32 ms of every live call.

/** The answer for one window of audio. */
export type VoiceProbability = {
  /** 0 (certainly not speech) to 1 (certainly speech). */
  readonly probability: number;
  /** Arrival time (monotonic ms) of the last sample of the window. */
  readonly atMs: number;
};

/** The voice activity of one leg: frames go in, probabilities come out in order through the listener. */
export type VoiceActivityStream = {
  /** Takes one 20 ms frame of 16 kHz PCM16 (320 samples). The samples are copied before `push` returns. */
  push(frame: Int16Array, atMs: number): void;
  /** Ends the stream; no listener call follows. Calling it twice is harmless. */
  close(): void;
};

/** Voice activity over all live calls of the process, batched by the implementation. */
export type VoiceActivity = {
  /** Opens the stream of one leg. `listener` is called once per window, never re-entrantly from `push`. */
  openStream(listener: (voice: VoiceProbability) => void): VoiceActivityStream;
};
