import { expect, it } from 'vitest';
import { readTraceParent, writeTraceParent } from './trace-parent.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

it('reads what it writes, and the example of the specification', () => {
  const text = `00-${traceId}-${spanId}-01`;
  expect(readTraceParent(text)).toEqual({ traceId, spanId, isSampled: true });
  for (const isSampled of [true, false]) {
    const place = { traceId, spanId, isSampled };
    expect(readTraceParent(writeTraceParent(place))).toEqual(place);
  }
});

it('reads the flags bit by bit, and of a later version what it knows', () => {
  expect(readTraceParent(`00-${traceId}-${spanId}-03`)?.isSampled).toBe(true);
  expect(readTraceParent(`00-${traceId}-${spanId}-02`)?.isSampled).toBe(false);
  expect(readTraceParent(`cc-${traceId}-${spanId}-01-what-the-future-will-be-like`)).toEqual({ traceId, spanId, isSampled: true });
});

it.each([
  '',
  `00-${traceId}-${spanId}`,
  `ff-${traceId}-${spanId}-01`,
  `00-${traceId.toUpperCase()}-${spanId}-01`,
  `00-${'0'.repeat(32)}-${spanId}-01`,
  `00-${traceId}-${'0'.repeat(16)}-01`,
  `00-${traceId}-${spanId}-01-more`,
  `00-${traceId}-${spanId}-01\r\nx-evil: 1`,
])('takes %j for none', (text) => {
  expect(readTraceParent(text)).toBeNull();
});
