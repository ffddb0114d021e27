import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FRAME_SAMPLES, silentFrames } from '#audio/frame.ts';
import type { AudioTransportEvent } from '#ports/audio-transport.ts';
import { MAX_WAITING_FRAMES, WAITING_LEAD_MS } from './limits.ts';
import { openWaitingSound } from './waiting-sound.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function rig() {
  const sent: (number | string)[] = [];
  const socket = {
    send: (pcm: Int16Array) => sent.push(...Array.from({ length: pcm.length / FRAME_SAMPLES }, () => pcm[0] ?? 0)),
    mark: (id: string) => sent.push(id),
    flush: () => sent.push('flush'),
  };
  const waiting = openWaitingSound(() => performance.now());
  const frame = (sample: number): AudioTransportEvent => ({ kind: 'frame', pcm: silentFrames(1).fill(sample), atMs: 0 });
  const got: AudioTransportEvent[] = [];
  return { sent, socket, waiting, frame, got, listen: (event: AudioTransportEvent) => got.push(event) };
}

it('says the words, keeps the line alive behind them, and gives all that was said to its owner once they were heard', async () => {
  const { sent, socket, waiting, frame, got, listen } = rig();
  waiting.begin(socket, silentFrames(3).fill(7));
  expect(sent.slice(0, 4)).toEqual([7, 7, 7, 'waiting-sound']);
  expect(sent.length).toBeGreaterThanOrEqual(WAITING_LEAD_MS / 20);
  waiting.listener(frame(1));
  const handed = waiting.handOver(listen);
  waiting.listener(frame(2));
  expect(got).toEqual([]);
  waiting.listener({ kind: 'mark_heard', markId: 'waiting-sound', atMs: 0 });
  await handed;
  waiting.listener(frame(3));
  expect(got.map((event) => event.kind === 'frame' && event.pcm[0])).toEqual([1, 2, 3]);
  expect(sent.at(-1)).toBe('flush');
  const { length } = sent;
  vi.advanceTimersByTime(10_000);
  expect(sent).toHaveLength(length);
});

it('waits no longer for a mark than the words take', async () => {
  const { socket, waiting, listen } = rig();
  waiting.begin(socket, silentFrames(50));
  const handed = waiting.handOver(listen);
  await vi.advanceTimersByTimeAsync(2_100);
  await expect(handed).resolves.toBeUndefined();
});

it('keeps the last seconds of a caller whom nobody serves, and the end of his sound', async () => {
  const { socket, waiting, frame, got, listen } = rig();
  waiting.begin(socket, null);
  for (let sample = 0; sample < MAX_WAITING_FRAMES + 10; sample += 1) waiting.listener(frame(sample));
  waiting.listener({ kind: 'closed', reason: 'lost', atMs: 0 });
  await waiting.handOver(listen);
  expect(got).toHaveLength(MAX_WAITING_FRAMES + 1);
  expect(got[0]).toMatchObject({ kind: 'frame' });
  expect(got.at(-1)?.kind).toBe('closed');
});
