import { expect, test } from 'vitest';
import type { DocumentReader, ReadingOutcome } from './parsing/document-reader.ts';
import { createReadingQueue } from './reading-queue.ts';

const document = { format: 'txt', bytes: Buffer.from('a') } as const;
const done: ReadingOutcome = { kind: 'read', chunks: [] };
const never = new AbortController().signal;

/** A reader that ends a reading when it is told to. */
function heldReader() {
  const held: PromiseWithResolvers<ReadingOutcome>[] = [];
  const reader: Pick<DocumentReader, 'read'> = {
    read: () => {
      const reading = Promise.withResolvers<ReadingOutcome>();
      held.push(reading);
      return reading.promise;
    },
  };
  return { reader, held };
}
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('no more documents are read at once than may be, and the next one follows', async () => {
  const { reader, held } = heldReader();
  const queue = createReadingQueue({ reader, atOnce: 2 });
  const readings = [1, 2, 3].map(() => queue.read(document, { signal: never }));
  await settle();
  expect(held.length).toBe(2);
  held[0]?.resolve(done);
  await settle();
  expect(held.length).toBe(3);
  for (const reading of held) reading.resolve(done);
  expect(await Promise.all(readings)).toEqual([done, done, done]);
});

test('who waits too long hears that others are being read, and takes no turn', async () => {
  const { reader, held } = heldReader();
  const queue = createReadingQueue({ reader, atOnce: 1, waitMs: 20 });
  const first = queue.read(document, { signal: never });
  expect(await queue.read(document, { signal: never })).toEqual({ kind: 'busy' });
  held[0]?.resolve(done);
  await first;
  const third = queue.read(document, { signal: never });
  await settle();
  held[1]?.resolve(done);
  expect(await third).toEqual(done);
});

test('who leaves while waiting takes no turn, and a reading that fails passes its turn on', async () => {
  const { reader, held } = heldReader();
  const queue = createReadingQueue({ reader, atOnce: 1 });
  const first = queue.read(document, { signal: never });
  const leaving = new AbortController();
  const second = queue.read(document, { signal: leaving.signal });
  const third = queue.read(document, { signal: never });
  leaving.abort(new Error('left'));
  await expect(second).rejects.toThrow('left');
  held[0]?.reject(new Error('no process'));
  await expect(first).rejects.toThrow('no process');
  await settle();
  held[1]?.resolve(done);
  expect(await third).toEqual(done);
});
