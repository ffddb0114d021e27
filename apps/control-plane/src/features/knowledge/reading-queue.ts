// Documents are read one or two at a time: each takes a processor, and live calls need the others.
import type { DocumentReader, DocumentToRead, ReadingOutcome } from './parsing/document-reader.ts';

export type ReadingQueue = {
  /** Reads a document when it is its turn. `busy` also when no turn came within the time to wait. Throws when the signal aborts. */
  read(document: DocumentToRead, options: { signal: AbortSignal }): Promise<ReadingOutcome>;
};

export type ReadingQueueOptions = {
  readonly reader: Pick<DocumentReader, 'read'>;
  /** Default 2. */
  readonly atOnce?: number;
  /** Default 10,000: as long as the two before it may take. */
  readonly waitMs?: number;
};

export function createReadingQueue({ reader, atOnce = 2, waitMs = 10_000 }: ReadingQueueOptions): ReadingQueue {
  const waiting: (() => void)[] = [];
  let reading = 0;

  /** False when no turn came in time. A turn that is given is taken, or passed on. */
  async function turn(signal: AbortSignal): Promise<boolean> {
    if (reading < atOnce) {
      reading += 1;
      return true;
    }
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    const take = (): void => resolve(true);
    // At once, so that no turn is given to who has left.
    const leave = (): void => void waiting.splice(waiting.indexOf(take) >>> 0, 1);
    const giveUp = setTimeout(() => {
      leave();
      resolve(false);
    }, waitMs);
    const abort = (): void => {
      leave();
      reject(signal.reason as Error);
    };
    waiting.push(take);
    signal.addEventListener('abort', abort);
    try {
      return await promise;
    } finally {
      clearTimeout(giveUp);
      signal.removeEventListener('abort', abort);
    }
  }

  function passOn(): void {
    const next = waiting.shift();
    if (next) next();
    else reading -= 1;
  }

  return {
    async read(document, { signal }) {
      signal.throwIfAborted();
      if (!(await turn(signal))) return { kind: 'busy' };
      try {
        return await reader.read(document, { signal });
      } finally {
        passOn();
      }
    },
  };
}
