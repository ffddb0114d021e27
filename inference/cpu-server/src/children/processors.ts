// Which processors an engine may take: never all of them. Engines that compute with as many threads as there are processors wait for each
// other while calls and the database want them too: 32 tokens took 19 ms with one thread and 18 s with two on two busy processors.
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Numbers of the processors that this process may run on, as its cpuset and its container's share of time allow. */
export function allowedProcessors(): readonly number[] {
  const count = availableParallelism();
  return listedProcessors(ownStatus()).slice(0, count);
}

/** The processors of `Cpus_allowed_list` in a process's status, such as `0-3,8`; none when it is not said. */
export function listedProcessors(status: string): readonly number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '';
  return list
    .split(',')
    .filter((range) => range !== '')
    .flatMap((range) => {
      const [first = 0, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
}

/** Threads of an engine: as many as it is given, but at least one processor is left to everything else where there are two. */
export function engineThreads(given: number | undefined, processors: number = availableParallelism()): number {
  return Math.max(1, Math.min(given ?? processors - 1, processors - 1));
}

/** The last processors of those allowed, as a hexadecimal mask: the first ones take the interrupts. Null where there is no choice. */
export function processorMask(processors: readonly number[], threads: number): string | null {
  if (processors.length <= threads) return null;
  const mask = processors.slice(-threads).reduce((bits, processor) => bits | (1n << BigInt(processor)), 0n);
  return mask.toString(16);
}

function ownStatus(): string {
  try {
    return readFileSync('/proc/self/status', 'utf8');
  } catch {
    // Not Linux: nothing is pinned.
    return '';
  }
}
