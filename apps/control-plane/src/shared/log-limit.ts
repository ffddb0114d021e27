// A fault that repeats itself a hundred thousand times must not take the disk and the event loop with it: lines over the limit are only counted.
import type { DestinationStream } from 'pino';

/** Fifty calls with a line for every turn, note and request write fewer than 100. */
const MAX_LINES = 1_000;
const WINDOW_MS = 1_000;

export type LimitedLines = DestinationStream & {
  /** Lines left out since the start. */
  dropped(): number;
};

export type LineLimitOptions = {
  /** Told how many lines of a second were left out, with the first line after it. */
  readonly onDropped: (lines: number) => void;
  readonly nowMs?: () => number;
};

/** Passes on at most 1,000 lines in a second. */
export function limitLines(destination: DestinationStream, { onDropped, nowMs = () => performance.now() }: LineLimitOptions): LimitedLines {
  let windowFromMs = -Infinity;
  let written = 0;
  let dropped = 0;
  let told = 0;
  return {
    dropped: () => dropped,
    write(line) {
      if (nowMs() - windowFromMs >= WINDOW_MS) {
        windowFromMs = nowMs();
        written = 0;
        const untold = dropped - told;
        told = dropped;
        if (untold > 0) onDropped(untold);
      }
      if (written >= MAX_LINES) {
        dropped += 1;
        return;
      }
      written += 1;
      destination.write(line);
    },
  };
}
