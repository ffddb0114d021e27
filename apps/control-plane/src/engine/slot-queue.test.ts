// Slots with a line in front of them: nobody is kept out for ever, and no slot is lost.
import { expect, it } from 'vitest';
import { openSlotQueue } from './slot-queue.ts';

const nobody = new AbortController().signal;

/** Asks, and writes down the name when it is let in. */
function asker(queue: ReturnType<typeof openSlotQueue>, entered: string[]) {
  return async (name: string, signal = nobody) => {
    const slot = await queue.take(signal);
    if (slot !== null) entered.push(name);
    return slot;
  };
}

it('gives slots in the order in which they were asked for', async () => {
  const entered: string[] = [];
  const ask = asker(openSlotQueue(2), entered);
  const asked = ['a', 'b', 'c', 'd'].map((name) => ask(name));
  const [first, second] = await Promise.all(asked.slice(0, 2));
  expect(entered).toEqual(['a', 'b']);
  second?.[Symbol.dispose]();
  const third = await asked[2];
  const again = ask('b again');
  first?.[Symbol.dispose]();
  third?.[Symbol.dispose]();
  await Promise.all([asked[3], again]);
  expect(entered).toEqual(['a', 'b', 'c', 'd', 'b again']);
});

it('a slot that is returned twice is one slot', async () => {
  const queue = openSlotQueue(1);
  const slot = await queue.take(nobody);
  slot?.[Symbol.dispose]();
  slot?.[Symbol.dispose]();
  expect(await queue.take(nobody)).not.toBeNull();
  expect(await queue.take(AbortSignal.timeout(20))).toBeNull();
});

it('who leaves the line gets none and keeps none from the others', async () => {
  const queue = openSlotQueue(1);
  const held = await queue.take(nobody);
  const left = new AbortController();
  const leaving = queue.take(left.signal);
  const staying = queue.take(nobody);
  left.abort();
  expect(await leaving).toBeNull();
  held?.[Symbol.dispose]();
  expect(await staying).not.toBeNull();
});

it('who leaves in the moment in which he is let in still has the slot to return', async () => {
  const queue = openSlotQueue(1);
  const held = await queue.take(nobody);
  const late = new AbortController();
  const entering = queue.take(late.signal);
  held?.[Symbol.dispose]();
  late.abort();
  using slot = await entering;
  expect(slot).not.toBeNull();
  expect(await queue.take(AbortSignal.abort())).toBeNull();
});
