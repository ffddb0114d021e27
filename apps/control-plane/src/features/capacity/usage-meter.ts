// Turns counters that only grow into use over an interval: readings now against readings before.
import type { HostReading, ModelReading, ProcessReading } from '#ports/resource-probe.ts';

/** What a model did between two readings. */
export type ModelUse = {
  readonly role: ModelReading['role'];
  readonly requests: number;
  /** Requests that it worked on at once, on average. */
  readonly busy: number;
  /** Mean wait for a turn; null without a request. */
  readonly queuedMs: number | null;
  readonly slots: number | null;
};

/** Cores in use between two readings of a process; null for the first, for one that is gone, and for one that began anew. */
export function openCpuMeter(): (reading: Pick<ProcessReading | HostReading, 'cpuSeconds'> | null, atMs: number) => number | null {
  let last: { readonly cpuSeconds: number; readonly atMs: number } | null = null;
  return (reading, atMs) => {
    const before = last;
    last = reading && { cpuSeconds: reading.cpuSeconds, atMs };
    if (before === null || reading === null || atMs <= before.atMs) return null;
    const spent = reading.cpuSeconds - before.cpuSeconds;
    return spent < 0 ? null : (spent * 1_000) / (atMs - before.atMs);
  };
}

/** The same for models; one that was not there before, or began anew, is left out once. */
export function openModelMeter(): (readings: readonly ModelReading[], atMs: number) => ModelUse[] {
  let last = new Map<string, ModelReading>();
  let lastAtMs = 0;
  return (readings, atMs) => {
    const [before, seconds] = [last, (atMs - lastAtMs) / 1_000];
    last = new Map(readings.map((reading) => [reading.role, reading]));
    lastAtMs = atMs;
    return readings.flatMap((reading) => {
      const { role, slots } = reading;
      const earlier = before.get(role);
      if (!earlier || seconds <= 0 || reading.requests < earlier.requests) return [];
      const requests = reading.requests - earlier.requests;
      const queuedSeconds = Math.max(0, reading.queuedSeconds - earlier.queuedSeconds);
      const busy = Math.max(0, reading.busySeconds - earlier.busySeconds) / seconds;
      return [{ role, requests, busy, queuedMs: requests === 0 ? null : (queuedSeconds * 1_000) / requests, slots }];
    });
  };
}
