// Time that a test moves: everything scripted hangs on it, so that a call of minutes runs in milliseconds.
import type { Clock } from '#shared/clock.ts';

/** One step; the engine's own ticker runs at this period. */
export const STEP_MS = 10;
/** Wall time of the clock's zero. */
const EPOCH_MS = Date.UTC(2026, 0, 1);
// Taken before any test replaces timers: a step must let promises settle in real time.
const realImmediate = setImmediate;

/** A clock that stands still until it is run. */
export type ManualClock = Clock & {
  /** `listener` is called at each step with the new time. Timers of the code under test are driven from here too. */
  onStep(listener: (atMs: number) => void): void;
  /** Moves time on by `ms` in steps of `STEP_MS`; after each one all promises that can settle have settled. */
  run(ms: number): Promise<void>;
  /** Runs until `condition` holds; throws after `limitMs` (of the manual time) with the name of what was waited for. */
  runUntil(what: string, condition: () => boolean, options?: { limitMs?: number }): Promise<void>;
};

/** Opens a clock at 1,000 ms. */
export function openManualClock(): ManualClock {
  let nowMs = 1_000;
  const listeners: ((atMs: number) => void)[] = [];
  const step = async (): Promise<void> => {
    nowMs += STEP_MS;
    for (const listener of listeners) listener(nowMs);
    await settled();
  };
  return {
    nowMs: () => nowMs,
    wallAt: () => new Date(EPOCH_MS + nowMs),
    onStep: (listener) => void listeners.push(listener),
    async run(ms) {
      await settled();
      for (let gone = 0; gone < ms; gone += STEP_MS) await step();
    },
    async runUntil(what, condition, { limitMs = 30_000 } = {}) {
      await settled();
      for (let gone = 0; !condition(); gone += STEP_MS) {
        if (gone >= limitMs) throw new Error(`after ${limitMs} ms of manual time still not: ${what}`);
        await step();
      }
    },
  };
}

/** Settles when all promises that wait for nothing but each other have settled. */
async function settled(): Promise<void> {
  await new Promise<void>((resolve) => realImmediate(resolve));
}
