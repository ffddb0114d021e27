// Time as an argument: monotonic milliseconds for durations, wall time for rows.

/** Two clocks: `nowMs` never jumps and is for durations; `wallAt` is for what people read and may jump. */
export type Clock = {
  /** Monotonic milliseconds, with fractions; comparable only within one process. */
  nowMs(): number;
  /** The wall clock. */
  wallAt(): Date;
};

/** The machine's clocks. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallAt: () => new Date(),
};
