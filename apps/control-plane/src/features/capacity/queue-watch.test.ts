import { expect, it } from 'vitest';
import { openQueueWatch } from './queue-watch.ts';

/** A watch that looked every two seconds and saw ten requests wait for so long each; null: nobody asked. */
function after(waitsMs: readonly (number | null)[]) {
  const watch = openQueueWatch();
  let [requests, queuedSeconds] = [0, 0];
  const look = (atMs: number): void => watch.observe([{ role: 'text_to_speech', requests, queuedSeconds, busySeconds: 0, slots: 2 }], atMs);
  look(0);
  for (const [index, waitMs] of waitsMs.entries()) {
    if (waitMs !== null) [requests, queuedSeconds] = [requests + 10, queuedSeconds + waitMs / 100];
    look((index + 1) * 2_000);
  }
  const nowMs = waitsMs.length * 2_000;
  return { standing: watch.standingMs(nowMs), p95: watch.p95Ms(nowMs), later: watch.standingMs(nowMs + 60_000) };
}

it('callers who come at once make no queue that stays, though the minute remembers it', () => {
  const { standing, p95 } = after([1_000, 3_200, 2_000, 10, 10]);
  expect(standing).toBeCloseTo(10);
  expect(p95).toBeCloseTo(3_200);
});

it('a queue at five looks in a row stays, whether or not somebody asked at each between them', () => {
  expect(after([10, 700, 900, 800, 650, 900]).standing).toBeCloseTo(650);
  expect(after([700, null, 900, 800, null, 650, 900]).standing).toBeCloseTo(650);
});

it('says nothing of fewer looks, nor of those of more than a minute ago', () => {
  expect(after([900, 900, 900, 900])).toMatchObject({ standing: null });
  expect(after([900, 900, 900, 900, 900])).toMatchObject({ later: null });
  expect(after([])).toMatchObject({ standing: null, p95: null });
});
