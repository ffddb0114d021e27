import type { AriClient } from 'asterisk-ari-client';
import type { AriEvent } from 'asterisk-ari-client/generated/events.ts';
import { expect, it } from 'vitest';
import type { LegQuality } from '#ports/call-control.ts';
import { silentLog } from '#shared/log.ts';
import { openChannelEvents } from './channel-events.ts';
import { openConnection } from './connection.ts';
import { watchTalk } from './survived-talk.ts';

const FINAL = 'ssrc=1;lp=50;rxjitter=0.0;rxcount=450;txjitter=0.004;txcount=440;rlp=0;rtt=0.0;rxmes=0.0;txmes=80.0';

it('a representative who hangs up after a talk that outlived a restart leaves the final counters', async () => {
  const requests: string[] = [];
  const ari = { call: async (operation: string) => void requests.push(operation) } as unknown as AriClient;
  const channels = openChannelEvents();
  const told: LegQuality[] = [];
  const nobody = new AbortController().signal;
  const over = watchTalk(
    {
      ari,
      channels,
      connection: openConnection(),
      log: silentLog,
      nowMs: () => Date.now(),
      mediaUrl: 'ws://127.0.0.1:1/media/',
      observer: { media: () => {}, dropped: () => {} },
    },
    { representativeId: '1-transfer-1', gone: nobody, signal: nobody, onQuality: (quality) => void told.push(quality) },
  );
  channels.dispatch({ type: 'StasisEnd', channel: { id: '1-transfer-1', channelvars: { RTPAUDIOQOS: FINAL } } } as unknown as AriEvent);
  await over;
  expect(told).toMatchObject([{ packetsReceived: 450, packetsSent: 440, receivedLossRatio: 0.1, receivedJitterMs: 4 }]);
  expect(requests).toEqual(['channels.hangup']);
});
