import { expect, test } from 'vitest';
import { silentFrames } from '#audio/frame.ts';
import { PlayoutQueue } from './asterisk-stand-in-playout.ts';

const frames = (count: number): Int16Array[] => Array.from({ length: count }, () => silentFrames(1));

function play(queue: PlayoutQueue, fromMs: number, toMs: number): [number, string][] {
  const heard: [number, string][] = [];
  for (let atMs = fromMs; atMs <= toMs; atMs += 10) {
    for (const output of queue.step(atMs)) heard.push([atMs, output.kind === 'mark' ? output.markId : output.kind]);
  }
  return heard;
}

test('a burst is played at 20 ms a frame and a mark is told when the frame before it ended', () => {
  const queue = new PlayoutQueue();
  queue.push(frames(2), 1_000);
  queue.mark('end', 1_000);
  queue.reportDrained(1_000);
  expect(play(queue, 1_000, 1_100)).toEqual([
    [1_000, 'frame'],
    [1_020, 'frame'],
    [1_040, 'end'],
    [1_040, 'drained'],
  ]);
});

test('a flush takes frames and marks; what comes next starts in the next slot', () => {
  const queue = new PlayoutQueue();
  queue.push(frames(50), 0);
  queue.mark('never', 0);
  expect(play(queue, 0, 30)).toHaveLength(2);
  queue.flush();
  expect(queue.frames).toBe(0);
  expect(play(queue, 40, 100)).toEqual([]);
  queue.push(frames(1), 105);
  expect(play(queue, 110, 200)).toEqual([[110, 'frame']]);
});

test('the queue says when it is nearly full and when there is room again, and drops what is beyond its limit', () => {
  const queue = new PlayoutQueue();
  expect(queue.push(frames(899), 0)).toEqual([]);
  expect(queue.push(frames(1), 0)).toEqual([{ kind: 'xoff' }]);
  expect(queue.push(frames(500), 0)).toEqual([]);
  expect([queue.frames, queue.isFull]).toEqual([1_000, true]);
  expect(queue.flush()).toEqual([{ kind: 'xon' }]);
});

test('a machine that stalled goes on from now instead of playing the lost time at once', () => {
  const queue = new PlayoutQueue();
  queue.push(frames(200), 0);
  expect(queue.step(0)).toHaveLength(1);
  expect(queue.step(2_000)).toHaveLength(1);
});
