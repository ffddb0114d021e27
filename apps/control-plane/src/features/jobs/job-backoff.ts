// How long a failed job waits for its next attempt: pure, so that the waits can be read from a test.

const FIRST_MS = 2_000;
/** A model that is being loaded or a database that is being restored needs minutes, not hours. */
const LONGEST_MS = 15 * 60_000;

/** The wait after attempt `attempt` (from 1), ms: doubled each time, and by up to a half shorter, so that jobs that failed together do not come back together. `random` is 0 to 1. */
export function retryDelayMs(attempt: number, random: number): number {
  const full = Math.min(FIRST_MS * 2 ** (attempt - 1), LONGEST_MS);
  return Math.round(full * (1 - random / 2));
}
