// How near the process is to its limit of open files. At the limit Node closes new connections without a word: nobody else would say why.
import { readdir, readFile } from 'node:fs/promises';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';

/** What /proc says; a test has its own. */
export type DescriptorSource = { readonly open: () => Promise<number>; readonly limit: () => Promise<number> };

export type DescriptorWatch = Disposable & {
  /** Null while a call can have the sockets that it needs; else the reason. */
  readonly check: () => Promise<string | null>;
  /** Since when it cannot (monotonic); null while it can. */
  readonly lowSinceMs: () => number | null;
};

/** A call holds 3; between two looks no more than 30 calls begin. */
const SPARE_DESCRIPTORS = 100;
const LOOK_MS = 2_000;

/** Looks every two seconds, and says in the log when too few are left and when there are enough again. */
export function watchDescriptors({ log, source = ownDescriptors }: { log: Log; source?: DescriptorSource }): DescriptorWatch {
  let reason: string | null = null;
  let sinceMs = 0;
  const look = async (): Promise<void> => {
    const found = await shortageOf(source).catch((error: unknown) => {
      log.warn({ error: loggableError(error) }, 'the number of open files cannot be read');
      return null;
    });
    if (found !== null && reason === null) {
      sinceMs = performance.now();
      log.error({ reason: found }, 'too few file descriptors are left: new calls are refused');
    }
    if (found === null && reason !== null) log.info({}, 'there are enough file descriptors again');
    reason = found;
  };
  const timer = setInterval(() => void look(), LOOK_MS);
  timer.unref();
  return { check: async () => reason, lowSinceMs: () => (reason === null ? null : sinceMs), [Symbol.dispose]: () => clearInterval(timer) };
}

/** The look itself needs one: where there is none left, its own error is the answer. */
async function shortageOf({ open, limit }: DescriptorSource): Promise<string | null> {
  try {
    const [used, most] = [await open(), await limit()];
    return most - used < SPARE_DESCRIPTORS ? `${used} of ${most} are in use: raise the limit (ulimit -n) and look for what leaks` : null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EMFILE' || code === 'ENFILE') return `none is left (${code}): raise the limit (ulimit -n) and look for what leaks`;
    throw error;
  }
}

const ownDescriptors: DescriptorSource = {
  open: async () => (await readdir('/proc/self/fd')).length,
  async limit() {
    const soft = /^Max open files\s+(\d+|unlimited)/m.exec(await readFile('/proc/self/limits', 'utf8'))?.[1];
    return soft === undefined || soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
  },
};
