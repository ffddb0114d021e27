// A model is measured with what a turn of a call makes it read: it must be of that size, and another each time.
import { expect, it } from 'vitest';
import { turnPrompt } from './turn-prompt.ts';

it('has over a thousand tokens, and leaves room for an answer in a context of 2,048', () => {
  // Spanish takes 3.5 to 4.5 characters a token in the vocabularies of the manifest's models.
  const { length } = turnPrompt(7);
  expect(length / 4.5).toBeGreaterThan(1_000);
  expect(length / 3).toBeLessThan(2_048 - 60);
});

it('shares an agent’s instructions with other calls, and no more', () => {
  const [one, other] = [turnPrompt(1), turnPrompt(2)];
  const shared = one.split('').findIndex((letter, index) => letter !== other[index]);
  expect(one.slice(0, shared)).toMatch(/\n\nLlamada $/);
  expect(new Set(Array.from({ length: 500 }, (_, number) => turnPrompt(number))).size).toBe(500);
});
