// Time that a test jumps over: for code that looks at the clock and waits for nothing, where hours and days pass in one go.
import type { Clock } from '#shared/clock.ts';

/** Wall time at the start. */
const STARTED_AT_MS = Date.UTC(2026, 0, 1);

/** A clock that stands still until it is moved. */
export type JumpingClock = Clock & { advance(ms: number): void };

export function openJumpingClock(): JumpingClock {
  let goneMs = 0;
  return {
    nowMs: () => 1_000 + goneMs,
    wallAt: () => new Date(STARTED_AT_MS + goneMs),
    advance(ms) {
      goneMs += ms;
    },
  };
}
