import { expect, it } from 'vitest';
import { openCapacity } from './capacity.ts';

it('gives as many slots as there are, and null beyond', () => {
  const capacity = openCapacity(2);
  expect(capacity.acquire()).not.toBeNull();
  expect(capacity.acquire()).not.toBeNull();
  expect(capacity.acquire()).toBeNull();
  expect(capacity.held()).toBe(2);
});

it('a slot comes back once, however often it is disposed', () => {
  const capacity = openCapacity(2);
  const slot = capacity.acquire();
  capacity.acquire();
  slot?.[Symbol.dispose]();
  slot?.[Symbol.dispose]();
  expect(capacity.held()).toBe(1);
});

it('a slot comes back when its work throws', () => {
  const capacity = openCapacity(1);
  expect(() => {
    using _slot = capacity.acquire();
    throw new Error('broken');
  }).toThrow('broken');
  expect(capacity.held()).toBe(0);
});
