import { expect, it } from 'vitest';
import { openCapacity, openSharedCapacity } from './capacity.ts';

it('gives as many slots as there are, and null beyond', () => {
  const capacity = openCapacity();
  expect(capacity.acquire(2)).not.toBeNull();
  expect(capacity.acquire(2)).not.toBeNull();
  expect(capacity.acquire(2)).toBeNull();
  expect(capacity.held()).toBe(2);
});

it('a slot comes back once, however often it is disposed', () => {
  const capacity = openCapacity();
  const slot = capacity.acquire(2);
  capacity.acquire(2);
  slot?.[Symbol.dispose]();
  slot?.[Symbol.dispose]();
  expect(capacity.held()).toBe(1);
});

it('a slot comes back when its work throws', () => {
  const capacity = openCapacity();
  expect(() => {
    using _slot = capacity.acquire(1);
    throw new Error('broken');
  }).toThrow('broken');
  expect(capacity.held()).toBe(0);
});

it('an organization holds as many slots as its limit says, whatever the others hold', () => {
  const shares = openSharedCapacity();
  const first = shares.acquire('org_a', 2);
  const second = shares.acquire('org_a', 2);
  expect(shares.acquire('org_a', 2)).toBeNull();
  expect(shares.acquire('org_b', 1)).not.toBeNull();
  first?.[Symbol.dispose]();
  first?.[Symbol.dispose]();
  expect([shares.held('org_a'), shares.held('org_b')]).toEqual([1, 1]);
  second?.[Symbol.dispose]();
  expect(shares.held('org_a')).toBe(0);
});

it('a limit that was lowered refuses until enough slots came back, and 0 refuses all', () => {
  const shares = openSharedCapacity();
  const slots = [shares.acquire('org_a', 2), shares.acquire('org_a', 2)];
  expect(shares.acquire('org_a', 1)).toBeNull();
  slots[0]?.[Symbol.dispose]();
  expect(shares.acquire('org_a', 1)).toBeNull();
  slots[1]?.[Symbol.dispose]();
  expect(shares.acquire('org_a', 0)).toBeNull();
  expect(shares.acquire('org_a', 1)).not.toBeNull();
});

it('gives no slot beyond a limit that became smaller, and takes none away', () => {
  const capacity = openCapacity();
  const [first] = [capacity.acquire(3), capacity.acquire(3)];
  expect(capacity.acquire(2)).toBeNull();
  expect(capacity.held()).toBe(2);
  first?.[Symbol.dispose]();
  expect(capacity.acquire(2)).not.toBeNull();
});
