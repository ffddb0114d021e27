import fc from 'fast-check';
import { expect, it } from 'vitest';
import { openManualClock } from '#ports/testing/manual-clock.ts';
import { openScriptedAudioTransport } from '#ports/testing/scripted-audio-transport.ts';
import { fixedSound } from './playable.ts';
import type { Playable } from './playable.ts';
import { QUEUE_CREEP_FRAMES } from './limits.ts';
import { Playout } from './playout.ts';
import type { PlayoutEvent } from './playout.ts';
import { openGrowingSound } from './testing/growing-sound.ts';

function openPlayout() {
  const clock = openManualClock();
  const events: PlayoutEvent[] = [];
  const transport = openScriptedAudioTransport(clock, (event) => {
    if (event.kind === 'mark_heard') playout.markHeard(event.markId, event.atMs);
    if (event.kind === 'queue_length') playout.queueLength(event.frames, event.atMs);
  });
  const playout = new Playout({ transport, listener: (event) => events.push(event), clock });
  clock.onStep((atMs) => playout.tick(atMs));
  const spoken = (): number => transport.heard.filter((frame) => frame.sample !== 0).length;
  return {
    clock,
    events,
    transport,
    playout,
    spoken,
    kinds: () => events.map((event) => event.kind).filter((kind) => kind !== 'reply_heard'),
  };
}
const tone = (ms: number, sample = 7): Playable => fixedSound(new Int16Array(ms * 16).fill(sample));

it('plays a sound whole, tells its start and its end, and has silence before and after without a gap', async () => {
  const { clock, kinds, transport, playout, spoken } = openPlayout();
  await clock.run(500);
  playout.play(tone(2_000));
  await clock.run(3_000);
  expect(spoken()).toBe(100);
  expect(kinds()).toEqual(['reply_started', 'reply_finished']);
  expect(transport.gaps()).toBe(0);
  expect(playout.isSpeaking).toBe(false);
});

it('tells once when the first frame of a reply goes out, and not when it goes on from its middle', async () => {
  const { clock, events, playout, transport } = openPlayout();
  await clock.run(500);
  const reply = tone(1_000);
  playout.play(reply);
  await clock.run(600);
  const heard = () => events.filter((event) => event.kind === 'reply_heard');
  const first = transport.heard.find((frame) => frame.sample !== 0)?.atMs ?? 0;
  expect(heard()).toMatchObject([{ reply }]);
  expect(Math.abs((heard()[0]?.atMs ?? 0) - first)).toBeLessThanOrEqual(20);
  playout.play(reply, playout.stop());
  await clock.run(2_000);
  expect(heard()).toHaveLength(1);
});

it('stays less than a second ahead of the ear', async () => {
  const { clock, transport, playout } = openPlayout();
  playout.play(tone(10_000));
  await clock.run(5_000);
  expect(transport.maxQueued()).toBeLessThan(50);
});

it('throws waiting silence away before the first frame, so that the first word comes in the next slots', async () => {
  const { clock, transport, playout } = openPlayout();
  await clock.run(500);
  const fromMs = clock.nowMs();
  playout.play(tone(200));
  await clock.run(500);
  const firstMs = transport.heard.find((frame) => frame.sample !== 0)?.atMs ?? Number.POSITIVE_INFINITY;
  expect(firstMs - fromMs).toBeLessThanOrEqual(20);
});

it('fills up a last frame that is not whole', async () => {
  const { clock, kinds, playout, spoken } = openPlayout();
  playout.play(fixedSound(new Int16Array(321).fill(7)));
  await clock.run(200);
  expect(spoken()).toBe(2);
  expect(kinds()).toEqual(['reply_started', 'reply_finished']);
});

it('finishes a sound that is empty, at once', () => {
  const { kinds, playout } = openPlayout();
  playout.play(tone(0));
  expect(kinds()).toEqual(['reply_finished']);
});

it('knows what was heard to the last mark, and nothing of the old sound comes after a stop', async () => {
  const { clock, transport, playout, spoken } = openPlayout();
  const reply = openGrowingSound();
  reply.grow(80_000);
  playout.play(reply);
  await clock.run(1_010);
  const heardFrames = spoken();
  const heard = playout.stop();
  expect(heard).toBeLessThanOrEqual(heardFrames * 320);
  expect(heard).toBeGreaterThan(heardFrames * 320 - 240 * 16);
  reply.grow(16_000);
  await clock.run(500);
  expect(spoken()).toBe(heardFrames);
  expect(transport.gaps()).toBe(0);
});

it('goes on from where it was heard', async () => {
  const { clock, kinds, playout, transport, spoken } = openPlayout();
  const reply = tone(2_000);
  playout.play(reply);
  await clock.run(1_000);
  const before = spoken();
  const heard = playout.stop();
  await clock.run(500);
  playout.play(reply, heard);
  await clock.run(3_000);
  expect(spoken() - before).toBe(100 - heard / 320);
  expect(kinds()).toEqual(['reply_started', 'reply_started', 'reply_finished']);
  expect(transport.gaps()).toBe(0);
});

it('covers a sound that is made too slowly with silence, and loses nothing of it', async () => {
  const { clock, kinds, playout, transport, spoken } = openPlayout();
  const reply = openGrowingSound();
  playout.play(reply);
  for (let piece = 0; piece < 5; piece++) {
    reply.grow(1_600);
    await clock.run(400);
  }
  reply.become({ kind: 'made' });
  await clock.run(500);
  expect(spoken()).toBe(25);
  expect(transport.gaps()).toBe(0);
  // The caller hears a hole before each of the four later pieces, and one before it is known that there is no sixth.
  expect(kinds()).toEqual(['reply_started', ...Array.from({ length: 5 }, () => 'underrun'), 'reply_finished']);
});

it('plays what there is of a sound that failed, then finishes', async () => {
  const { clock, kinds, playout, spoken } = openPlayout();
  const reply = openGrowingSound();
  playout.play(reply);
  reply.grow(3_200);
  reply.become({ kind: 'failed', error: new Error('broken') });
  await clock.run(500);
  expect(spoken()).toBe(10);
  expect(kinds()).toEqual(['reply_started', 'reply_finished']);
});

it('throws silence away that crept into the far queue, but never speech', async () => {
  const { clock, kinds, playout, transport, spoken } = openPlayout();
  await clock.run(500);
  transport.stall(30);
  await clock.run(2_000);
  expect(kinds()).toEqual(['queue_shed']);
  expect(transport.queued()).toBeLessThanOrEqual(QUEUE_CREEP_FRAMES);
  playout.play(tone(5_000));
  await clock.run(100);
  transport.stall(30);
  await clock.run(7_000);
  expect(spoken()).toBe(250);
});

it('whatever the pieces and pauses of its making: every sample is played, in whole frames, without a gap', async () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 5_000 }), fc.constantFrom(0, 10, 50, 300)), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      const { clock, kinds, playout, transport, spoken } = openPlayout();
      const reply = openGrowingSound();
      playout.play(reply);
      for (const [samples, pauseMs] of list) {
        reply.grow(samples);
        await clock.run(pauseMs);
      }
      reply.become({ kind: 'made' });
      await clock.run(6_000);
      const total = list.reduce((sum, [samples]) => sum + samples, 0);
      expect(spoken()).toBe(Math.ceil(total / 320));
      expect(kinds().filter((kind) => kind !== 'underrun')).toEqual(['reply_started', 'reply_finished']);
      expect(transport.gaps()).toBe(0);
      expect(transport.maxQueued()).toBeLessThan(50);
    }),
    { numRuns: 30 },
  );
});
