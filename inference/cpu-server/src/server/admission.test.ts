import { expect, test } from 'vitest';
import { createAdmission } from './admission.ts';

const never = new AbortController().signal;

test('requests beyond the limit wait in order, and beyond the line are refused at once', async () => {
  const admission = createAdmission(() => ({ maxRunning: 1, maxWaiting: 2 }));
  const first = await admission.enter(never);
  const order: string[] = [];
  const second = admission.enter(never).then((place) => (order.push('second'), place));
  const third = admission.enter(never).then((place) => (order.push('third'), place));
  expect(await admission.enter(never)).toBeNull();
  expect(admission.waiting).toBe(2);
  first?.[Symbol.dispose]();
  (await second)?.[Symbol.dispose]();
  (await third)?.[Symbol.dispose]();
  expect(order).toEqual(['second', 'third']);
  expect(await admission.enter(never)).not.toBeNull();
});

test('a request that gives up leaves the line to the one behind it', async () => {
  const admission = createAdmission(() => ({ maxRunning: 1, maxWaiting: 5 }));
  const first = await admission.enter(never);
  const impatient = new AbortController();
  const leaves = admission.enter(impatient.signal);
  const stays = admission.enter(never);
  impatient.abort(new Error('hung up'));
  await expect(leaves).rejects.toThrow('hung up');
  first?.[Symbol.dispose]();
  expect(await stays).not.toBeNull();
  expect(admission.waiting).toBe(0);
});

test('a place given back twice frees one place only', async () => {
  const admission = createAdmission(() => ({ maxRunning: 1, maxWaiting: 0 }));
  const place = await admission.enter(never);
  place?.[Symbol.dispose]();
  place?.[Symbol.dispose]();
  expect(await admission.enter(never)).not.toBeNull();
  expect(await admission.enter(never)).toBeNull();
});

test('a raised limit lets those who wait in, and a lowered one lets nobody in until it is kept', async () => {
  let maxRunning = 1;
  const admission = createAdmission(() => ({ maxRunning, maxWaiting: 5 }));
  const first = await admission.enter(never);
  const waiting = [admission.enter(never), admission.enter(never)];
  maxRunning = 3;
  admission.recheck();
  const [second, third] = await Promise.all(waiting);
  first?.[Symbol.dispose]();
  maxRunning = 1;
  const last = admission.enter(never);
  second?.[Symbol.dispose]();
  expect(admission).toMatchObject({ running: 1, waiting: 1 });
  third?.[Symbol.dispose]();
  expect(await last).not.toBeNull();
});
