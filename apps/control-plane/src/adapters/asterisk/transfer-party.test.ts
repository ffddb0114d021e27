import type { AriClient } from 'asterisk-ari-client';
import type { AriEvent } from 'asterisk-ari-client/generated/events.ts';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { silentLog } from '#shared/log.ts';
import { openChannelEvents } from './channel-events.ts';
import { QUALITY_FIRST_MS } from './limits.ts';
import { watchParty } from './transfer-party.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const channelId = '1-transfer-1';
const codec = { value: '(ulaw)' };
const asked = { rxcount: 100, txcount: 90, rxploss: 0, txploss: 0, txjitter: 0.002, rtt: 0, rxmes: 0 };
const FINAL = 'ssrc=1;lp=50;rxjitter=0.0;rxcount=450;txjitter=0.004;txcount=440;rlp=0;rtt=0.0;rxmes=0.0;txmes=80.0';

/** A representative's channel, and the requests about it that Asterisk answered. */
function openParty() {
  const requests: string[] = [];
  const call = async (operation: string): Promise<unknown> => {
    requests.push(operation);
    return operation === 'channels.rtpstatistics' ? asked : codec;
  };
  const channels = openChannelEvents();
  const party = watchParty({ ari: { call } as unknown as AriClient, channels, log: silentLog }, channelId);
  const tell = (event: object): unknown => channels.dispatch(event as AriEvent);
  return {
    party,
    requests,
    answer: () => {
      tell({ type: 'ChannelStateChange', channel: { id: channelId, state: 'Up' } });
      tell({ type: 'Dial', dialstatus: 'ANSWER', peer: { id: channelId } });
    },
    leave: () => tell({ type: 'StasisEnd', channel: { id: channelId, channelvars: { RTPAUDIOQOS: FINAL } } }),
    lose: () => channels.lose(channelId),
    [Symbol.dispose]: () => party[Symbol.dispose](),
  };
}

it('a representative is measured from the answer on, not while the telephone rings', async () => {
  using one = openParty();
  await vi.advanceTimersByTimeAsync(60_000);
  expect([one.party.quality(), one.requests]).toEqual([null, []]);
  one.answer();
  expect(one.party.quality()?.latest()).toBeNull();
  await vi.advanceTimersByTimeAsync(QUALITY_FIRST_MS);
  expect(one.requests).toEqual(['channels.getChannelVar', 'channels.rtpstatistics']);
  expect(one.party.quality()?.latest()).toMatchObject({ codec: 'ulaw', packetsReceived: 100, receivedLossRatio: 0, receivedJitterMs: 2 });
});

it('a representative who hangs up leaves the final counters, and is asked about no more', async () => {
  using one = openParty();
  one.answer();
  await vi.advanceTimersByTimeAsync(QUALITY_FIRST_MS);
  one.leave();
  const quality = one.party.quality();
  expect(quality?.latest()).toMatchObject({ codec: 'ulaw', packetsReceived: 450, receivedLossRatio: 0.1, receivedJitterMs: 4 });
  await quality?.askLast();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(one.requests).toHaveLength(2);
});

it('a representative whom we hang up after a short talk is asked about once more before', async () => {
  using one = openParty();
  one.answer();
  await one.party.quality()?.askLast();
  expect(one.party.quality()?.latest()).toMatchObject({ codec: 'ulaw', packetsReceived: 100 });
});

it('a representative who was lost while Asterisk was not connected is asked about no more', async () => {
  using one = openParty();
  one.answer();
  one.lose();
  await one.party.quality()?.askLast();
  await vi.advanceTimersByTimeAsync(60_000);
  expect([one.party.quality()?.latest(), one.requests]).toEqual([null, []]);
});
