/** How long to wait before trying again, so that many servers do not return to a restarted Asterisk in the same instant. */

const FIRST_MS = 100;
const LONGEST_MS = 5_000;

/** 0.1, 0.2, 0.4 … 5 s, each shortened by up to half at random. `attempt` counts from 0. */
export function backOffMs(attempt: number, random: () => number = Math.random): number {
  const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return whole / 2 + (whole / 2) * random();
}
