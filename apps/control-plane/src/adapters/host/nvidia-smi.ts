// How much memory of the graphics processors is in use, by NVIDIA's own tool. With a limit: on a machine whose driver hangs the tool never ends.
import { execFile } from 'node:child_process';
import type { GpuReading } from '#ports/resource-probe.ts';

/** A tool that hangs was seen; it takes 50 ms otherwise, 2 s after a driver that slept. */
const LIMIT_MS = 5_000;
const MAX_OUTPUT_BYTES = 65_536;
const QUERY = ['--query-gpu=memory.used,memory.total', '--format=csv,noheader,nounits'];
const BYTES_PER_MEBIBYTE = 1_048_576;

/** Null where the tool is not installed, fails, or does not answer in time. */
export function readGpus({ command = 'nvidia-smi', signal }: { command?: string; signal: AbortSignal }): Promise<GpuReading | null> {
  const { promise, resolve } = Promise.withResolvers<GpuReading | null>();
  const options = { timeout: LIMIT_MS, killSignal: 'SIGKILL', maxBuffer: MAX_OUTPUT_BYTES, signal } as const;
  execFile(command, QUERY, options, (error, output) => resolve(error ? null : parseGpus(output)));
  return promise;
}

/** One line per processor: `1024, 81559`. Null when no line is one. */
export function parseGpus(text: string): GpuReading | null {
  const lines = text.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s*,\s*(\d+)\s*$/.exec(line);
    return match ? [{ used: Number(match[1]), total: Number(match[2]) }] : [];
  });
  if (lines.length === 0) return null;
  const sum = (of: (line: (typeof lines)[number]) => number): number => lines.reduce((total, line) => total + of(line), 0);
  return {
    memoryUsedBytes: sum(({ used }) => used) * BYTES_PER_MEBIBYTE,
    memoryTotalBytes: sum(({ total }) => total) * BYTES_PER_MEBIBYTE,
  };
}
