import { expect, it } from 'vitest';
import { entityTag, isUnchanged, toByteRange } from './recording-range.ts';

it.each([
  ['bytes=0-0', { firstByte: 0, lastByte: 0 }],
  ['bytes=0-99', { firstByte: 0, lastByte: 99 }],
  ['bytes=10-19', { firstByte: 10, lastByte: 19 }],
  ['bytes=90-', { firstByte: 90, lastByte: 99 }],
  ['bytes=90-1000', { firstByte: 90, lastByte: 99 }],
  ['bytes=-10', { firstByte: 90, lastByte: 99 }],
  ['bytes=-1000', { firstByte: 0, lastByte: 99 }],
  ['BYTES= 5-6 ', { firstByte: 5, lastByte: 6 }],
  ['bytes=100-', 'unsatisfiable'],
  ['bytes=100-200', 'unsatisfiable'],
  ['bytes=999999999999999-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  [undefined, null],
  ['', null],
  ['bytes=', null],
  ['bytes=-', null],
  ['bytes=20-10', null],
  ['bytes=0-1,5-6', null],
  ['bytes=a-b', null],
  ['bytes=0x1-2', null],
  ['bytes=1.5-2', null],
  ['bytes=--5', null],
  ['items=0-1', null],
])('of 100 bytes, %j asks for %j', (header, expected) => {
  expect(toByteRange(header, 100)).toEqual(expected);
});

it('gives a part only of the file that the client began with', () => {
  const version = { bytes: 100, modifiedAt: new Date('2026-11-21T10:00:00Z') };
  expect(isUnchanged(undefined, version)).toBe(true);
  expect(isUnchanged(entityTag(version), version)).toBe(true);
  expect(isUnchanged('Sat, 21 Nov 2026 10:00:00 GMT', version)).toBe(true);
  expect(isUnchanged(entityTag({ ...version, bytes: 101 }), version)).toBe(false);
  expect(isUnchanged(`W/${entityTag(version)}`, version)).toBe(false);
  expect(isUnchanged('Sat, 21 Nov 2026 10:00:01 GMT', version)).toBe(false);
});
