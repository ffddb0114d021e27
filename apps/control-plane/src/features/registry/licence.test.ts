// The licence that the registry tells: valid, in its days of grace, expired, or none.
import { expect, it } from 'vitest';
import { licenceOf } from './licence.ts';

const at = new Date('2026-11-21T10:00:00Z');
const fields = { plan: 'big', state: 'active', max_concurrent_calls: 50, valid_until: null };
const standingOf = (changes: object) => licenceOf([{ fields: { ...fields, ...changes } }], at)?.standing;

it('a licence is valid without an end and until its end, has 30 days of grace, and is expired then', () => {
  expect(standingOf({})).toBe('valid');
  expect(standingOf({ valid_until: '2026-11-21T10:00:01+00:00' })).toBe('valid');
  expect(standingOf({ valid_until: '2026-11-21T10:00:00Z' })).toBe('grace');
  expect(standingOf({ valid_until: '2026-10-22T10:00:01Z' })).toBe('grace');
  expect(standingOf({ valid_until: '2026-10-22T10:00:00Z' })).toBe('expired');
  expect(standingOf({ state: 'suspended' })).toBe('suspended');
});

it('what is no licence is none', () => {
  expect(licenceOf([], at)).toBeNull();
  expect(standingOf({ plan: 'DROP TABLE' })).toBeUndefined();
});
