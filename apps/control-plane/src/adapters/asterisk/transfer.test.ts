import type { AriClient } from 'asterisk-ari-client';
import type { AriEvent } from 'asterisk-ari-client/generated/events.ts';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { silentLog } from '#shared/log.ts';
import { openChannelEvents } from './channel-events.ts';
import { openConnection } from './connection.ts';
import { MEDIA_SETUP_MS } from './limits.ts';
import type { MediaSocket } from './media-socket.ts';
import { transferLeg } from './transfer.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const channelId = '1-transfer-1';

/** A transfer to a representative of whom Asterisk tells only what the test tells, and the requests about them. */
function openTransfer() {
  const requests: string[] = [];
  const ari = { application: 'centralita', call: async (operation: string) => void requests.push(operation) } as unknown as AriClient;
  const channels = openChannelEvents();
  const socket = { flush() {}, setAside() {}, sendAside() {}, flushAside() {} } as unknown as MediaSocket;
  const outcome = transferLeg(
    {
      ari,
      channels,
      connection: openConnection(),
      log: silentLog,
      nowMs: () => Date.now(),
      mediaUrl: 'ws://127.0.0.1:1/media/',
      observer: { media: () => {}, dropped: () => {} },
    },
    {
      callerId: '1',
      channelId,
      endpoint: 'PJSIP/2001-clinica',
      media: { bridgeId: '1-bridge', channelId: '1-media', socket },
      gone: new AbortController().signal,
      signal: new AbortController().signal,
      onQuality: () => {},
      ringMs: 20_000,
      brief: Promise.resolve(null),
      requiresKey: false,
      onProgress: () => {},
    },
  );
  return { outcome, requests, enters: () => channels.dispatch({ type: 'StasisStart', channel: { id: channelId } } as AriEvent) };
}

it('a representative whose channel never comes into the application is given up, not waited for for ever', async () => {
  const { outcome, requests } = openTransfer();
  await vi.advanceTimersByTimeAsync(MEDIA_SETUP_MS + 2_000);
  expect(await outcome).toEqual({ kind: 'failed', cause: 'the channel of the representative did not come into the application' });
  expect(requests).toEqual(['channels.create', 'channels.hangup']);
});

it('a representative whose channel came is rung for the whole time', async () => {
  const { outcome, requests, enters } = openTransfer();
  await vi.advanceTimersByTimeAsync(MEDIA_SETUP_MS - 1_000);
  enters();
  await vi.advanceTimersByTimeAsync(19_000);
  expect(requests).toEqual(['channels.create', 'channels.dial']);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(await outcome).toEqual({ kind: 'no_answer' });
});
