// A prepared sound between silence and reply, or in the middle of a reply that is late.
import { expect, it } from 'vitest';
import { FRAME_SAMPLES } from '#audio/frame.ts';
import { openManualClock } from '#ports/testing/manual-clock.ts';
import { openScriptedAudioTransport } from '#ports/testing/scripted-audio-transport.ts';
import { QUEUE_POLL_MS } from './limits.ts';
import { fixedSound } from './playable.ts';
import { Playout } from './playout.ts';
import { openGrowingSound } from './testing/growing-sound.ts';

const FILLER = 222;
const REPLY = 555;
const sound = (sample: number, frames: number): Int16Array => new Int16Array(frames * FRAME_SAMPLES).fill(sample);

function open() {
  const clock = openManualClock();
  let playout: Playout | null = null;
  const transport = openScriptedAudioTransport(clock, (event) => {
    if (event.kind === 'mark_heard') playout?.markHeard(event.markId, event.atMs);
    if (event.kind === 'queue_length') playout?.queueLength(event.frames, event.atMs);
  });
  const opened = (playout = new Playout({ transport, listener() {}, clock }));
  clock.onStep((atMs) => opened.tick(atMs));
  /** The samples that were heard, one for each stretch of the same. */
  const stretches = () => transport.heard.map(({ sample }) => sample).filter((sample, at, all) => sample !== all[at - 1]);
  const framesOf = (sample: number) => transport.heard.filter((frame) => frame.sample === sample).length;
  return { clock, playout: opened, transport, stretches, framesOf };
}

it('is heard within a slot, whole, and the reply that comes meanwhile follows it at once', async () => {
  const { clock, playout, transport, stretches, framesOf } = open();
  await clock.run(500);
  playout.interject(sound(FILLER, 60));
  const interjectedAtMs = clock.nowMs();
  await clock.run(300);
  playout.play(fixedSound(sound(REPLY, 20)));
  await clock.run(QUEUE_POLL_MS + 2_000);
  expect(stretches()).toEqual([0, FILLER, REPLY, 0]);
  expect([framesOf(FILLER), framesOf(REPLY), transport.gaps()]).toEqual([60, 20, 0]);
  expect((transport.heard.find(({ sample }) => sample === FILLER)?.atMs ?? 0) - interjectedAtMs).toBeLessThanOrEqual(40);
});

it('a sound that fills no whole frame is padded, and nothing of it is cut by silence, polls or marks', async () => {
  const { clock, playout, framesOf } = open();
  await clock.run(200);
  playout.interject(new Int16Array(30 * FRAME_SAMPLES + 7).fill(FILLER));
  await clock.run(QUEUE_POLL_MS * 2);
  expect(framesOf(FILLER)).toBe(31);
});

it('ends when playout is stopped', async () => {
  const { clock, playout, framesOf } = open();
  playout.interject(sound(FILLER, 100));
  await clock.run(200);
  playout.stop();
  await clock.run(1_000);
  expect(framesOf(FILLER)).toBeLessThanOrEqual(11);
});

it('knows since when a reply that began has no sound at hand, and fills that without losing a sample of it', async () => {
  const { clock, playout, stretches, framesOf } = open();
  const reply = openGrowingSound();
  playout.play(reply);
  expect(playout.starvedSinceMs).toBeNull();
  reply.grow(10 * FRAME_SAMPLES, REPLY);
  await clock.run(150);
  expect(playout.starvedSinceMs).toBeNull();
  await clock.run(200);
  expect(clock.nowMs() - (playout.starvedSinceMs ?? 0)).toBeGreaterThan(100);
  playout.interject(sound(FILLER, 10));
  await clock.run(100);
  reply.grow(10 * FRAME_SAMPLES, REPLY);
  await clock.run(200);
  expect(playout.starvedSinceMs).toBeNull();
  reply.become({ kind: 'made' });
  await clock.run(1_000);
  expect(stretches().filter((sample) => sample !== 0)).toEqual([REPLY, FILLER, REPLY]);
  expect([framesOf(FILLER), framesOf(REPLY)]).toEqual([10, 20]);
});
