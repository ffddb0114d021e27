// When the registry is spoken to: pure, on a clock that does not jump, so that a wall clock put right by a day changes nothing.
import type { RegistryFailure } from '#ports/server-registry.ts';

/** What comes next, and how often it went wrong in a row. Times are the process's monotonic ones. */
export type Rhythm = {
  readonly beatAtMs: number;
  readonly pullAtMs: number;
  /** Nothing is tried before. */
  readonly retryAtMs: number;
  readonly failures: number;
};

/** How often, ms; each is shortened by up to a fifth, so that servers that started together do not come together. */
export type RhythmTimes = {
  readonly heartbeatMs: number;
  readonly pullMs: number;
  /** The first wait after a failure, doubled each time. */
  readonly firstRetryMs: number;
  /** The first wait after the registry refused the token: somebody has to put another one there. */
  readonly firstRefusedMs: number;
  readonly longestRetryMs: number;
};

/** A thousand servers are 33 heartbeats and 3 pulls a second. */
export const REGISTRY_TIMES: RhythmTimes = {
  heartbeatMs: 30_000,
  pullMs: 300_000,
  firstRetryMs: 1_000,
  firstRefusedMs: 60_000,
  longestRetryMs: 900_000,
};

const SHORTENED_BY = 0.2;
/** 2^20 first waits are longer than any longest one: beyond, the power is left alone. */
const MAX_DOUBLINGS = 20;

/** At the start everything is due. */
export const startRhythm = (nowMs: number): Rhythm => ({ beatAtMs: nowMs, pullAtMs: nowMs, retryAtMs: nowMs, failures: 0 });

/** After a turn that went well. `random` is 0 to 1. */
export function afterSuccess(rhythm: Rhythm, { nowMs, random, times }: { nowMs: number; random: number; times: RhythmTimes }): Rhythm {
  const next = (dueAtMs: number, everyMs: number) => (dueAtMs <= nowMs ? nowMs + everyMs * (1 - SHORTENED_BY * random) : dueAtMs);
  return {
    beatAtMs: next(rhythm.beatAtMs, times.heartbeatMs),
    pullAtMs: next(rhythm.pullAtMs, times.pullMs),
    retryAtMs: nowMs,
    failures: 0,
  };
}

/** After a turn that failed: what was due stays due, later. */
export function afterFailure(
  rhythm: Rhythm,
  failure: RegistryFailure['kind'],
  { nowMs, random, times }: { nowMs: number; random: number; times: RhythmTimes },
): Rhythm {
  const first = failure === 'unavailable' ? times.firstRetryMs : times.firstRefusedMs;
  const waitMs = Math.min(first * 2 ** Math.min(rhythm.failures, MAX_DOUBLINGS), times.longestRetryMs);
  return { ...rhythm, retryAtMs: nowMs + waitMs * (1 - SHORTENED_BY * random), failures: rhythm.failures + 1 };
}
