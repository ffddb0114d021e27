import { expect, it } from 'vitest';
import { finalCounters, qualityOf } from './leg-quality.ts';

/** As Asterisk 22.10 wrote it at the end of a call whose telephone sent no RTCP. */
const ALONE =
  'ssrc=1;themssrc=2;lp=39;rxjitter=0.000000;rxcount=741;txjitter=0.000500;txcount=28;rlp=0;rtt=0.000000;rxmes=0.000000;txmes=88.087887';

it('reads the final counters of a channel: what we lost of what was sent, and its jitter', () => {
  const counters = finalCounters(ALONE, 0);
  expect(qualityOf(counters!, 'ulaw')).toEqual({
    codec: 'ulaw',
    packetsReceived: 741,
    packetsSent: 28,
    receivedLossRatio: 0.05,
    receivedJitterMs: 0.5,
    reported: null,
  });
});

it('tells what the telephone reported, when it did', () => {
  const text = ALONE.replace('rlp=0;rtt=0.000000;rxmes=0.000000', 'rlp=7;rtt=0.042000;rxmes=70.5');
  expect(qualityOf(finalCounters(text, 0.004)!, 'alaw').reported).toEqual({ lossRatio: 0.25, jitterMs: 4, roundTripMs: 42 });
});

it('takes a variable that is missing, or something else, for no final count', () => {
  expect([undefined, '', 'no numbers', 7].map((text) => finalCounters(text, 0))).toEqual([null, null, null, null]);
});
