import { expect, it } from 'vitest';
import { isNetwork } from './network.ts';

it.each([
  ['10.0.0.0/8', true],
  ['fd00::/8', true],
  ['10.0.0.0', false],
  ['10.0.0.0/33', false],
  ['fd00::/129', false],
  ['10.0.0.0/8/8', false],
  ['host/8', false],
  ['10.0.0.0/-1', false],
  ['', false],
])('a network in CIDR form: "%s" is one: %s', (text, expected) => {
  expect(isNetwork(text)).toBe(expected);
});
