// Slots with a line in front of them: nobody is kept out for ever, no organization by another's long line, and no slot is lost.
import { expect, it } from 'vitest';
import type { SlotAsker } from './slot-queue.ts';
import { openSlotQueue } from './slot-queue.ts';

const nobody = new AbortController().signal;
const somebody: SlotAsker = { organizationId: 'org_a', isFirst: false };

/** Asks, and writes down the name when it is let in. */
function asker(queue: ReturnType<typeof openSlotQueue>, entered: string[]) {
  return async (name: string, { organizationId = 'org_a', isFirst = false }: Partial<SlotAsker> = {}) => {
    const slot = await queue.take({ organizationId, isFirst }, nobody);
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

/** Asks for one slot that is held until all have asked, then passes it on from one to the next. */
async function orderOf(askers: readonly (readonly [name: string, asker: Partial<SlotAsker>])[]): Promise<string[]> {
  const entered: string[] = [];
  const ask = asker(openSlotQueue(1), entered);
  const held = await ask('before', { organizationId: 'org_long' });
  const asked = askers.map(async ([name, of]) => {
    using slot = await ask(name, of);
    return slot;
  });
  held?.[Symbol.dispose]();
  await Promise.all(asked);
  return entered.slice(1);
}

it('gives each organization its turn, however long the line of another is', async () => {
  const [long, one, two] = ['org_long', 'org_one', 'org_two'].map((organizationId) => ({ organizationId }));
  const order = await orderOf([
    ...Array.from({ length: 5 }, (_, index) => [`long ${index + 1}`, long ?? {}] as const),
    ['one 1', one ?? {}],
    ['two 1', two ?? {}],
    ['one 2', one ?? {}],
  ]);
  expect(order).toEqual(['one 1', 'two 1', 'long 1', 'one 2', 'long 2', 'long 3', 'long 4', 'long 5']);
});

it('lets whoever had none yet go before those who had one, in turns of their organizations too', async () => {
  const order = await orderOf([
    ['long, again', { organizationId: 'org_long' }],
    ['one, again', { organizationId: 'org_one' }],
    ['long, first', { organizationId: 'org_long', isFirst: true }],
    ['long, first too', { organizationId: 'org_long', isFirst: true }],
    ['two, first', { organizationId: 'org_two', isFirst: true }],
  ]);
  expect(order).toEqual(['two, first', 'long, first', 'long, first too', 'one, again', 'long, again']);
});

it('a slot that is returned twice is one slot', async () => {
  const queue = openSlotQueue(1);
  const slot = await queue.take(somebody, nobody);
  slot?.[Symbol.dispose]();
  slot?.[Symbol.dispose]();
  expect(await queue.take(somebody, nobody)).not.toBeNull();
  expect(await queue.take(somebody, AbortSignal.timeout(20))).toBeNull();
});

it('who leaves the line gets none and keeps none from the others', async () => {
  const queue = openSlotQueue(1);
  const held = await queue.take(somebody, nobody);
  const left = new AbortController();
  const leaving = queue.take(somebody, left.signal);
  const staying = queue.take(somebody, nobody);
  left.abort();
  expect(await leaving).toBeNull();
  held?.[Symbol.dispose]();
  expect(await staying).not.toBeNull();
});

it('who leaves in the moment in which he is let in still has the slot to return', async () => {
  const queue = openSlotQueue(1);
  const held = await queue.take(somebody, nobody);
  const late = new AbortController();
  const entering = queue.take(somebody, late.signal);
  held?.[Symbol.dispose]();
  late.abort();
  using slot = await entering;
  expect(slot).not.toBeNull();
  expect(await queue.take(somebody, AbortSignal.abort())).toBeNull();
});
