/** What another process takes of this machine, from /proc. */
import { readFile } from 'node:fs/promises';

/** Clock ticks in a second: a constant of Linux on every machine that we run on (sysconf(_SC_CLK_TCK)). */
const TICKS_PER_SECOND = 100;
const BYTES_PER_PAGE = 4_096;

export type ProcessUsage = {
  /** CPU time of all its threads since it began, user and system. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  /** Of `performance.now()`. */
  readonly atMs: number;
};

/** Reads /proc; throws when the process is gone. */
export async function usageOf(pid: number): Promise<ProcessUsage> {
  const [stat, statm] = await Promise.all([readFile(`/proc/${pid}/stat`, 'utf8'), readFile(`/proc/${pid}/statm`, 'utf8')]);
  // Behind the name in parentheses, which may hold spaces: state is field 3, utime 14, stime 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const cpuSeconds = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  return { cpuSeconds, residentBytes: Number(statm.split(' ')[1]) * BYTES_PER_PAGE, atMs: performance.now() };
}

/** Share of one core between two readings, percent. */
export function corePercent(from: ProcessUsage, to: ProcessUsage): number {
  return (100 * (to.cpuSeconds - from.cpuSeconds)) / ((to.atMs - from.atMs) / 1_000);
}
