// A caller on hold, on the adapter and the stand-in for Asterisk: music, words in its place, and the agent behind it.
import { expect, test, vi } from 'vitest';
import { silentFrames } from '#audio/frame.ts';
import type { Log } from '#shared/log.ts';
import { arrive, expectNothingLeft, loudFrames, openRig, type Rig, SIGNAL } from './testing/asterisk-rig.ts';

/** The words: a level that nobody else has. */
const TOLD = 3_333;
const words = (frames: number): Int16Array => silentFrames(frames).fill(TOLD);

/** A caller who hears music. */
async function openHeld(rig: Rig) {
  const { caller, leg } = await arrive(rig);
  const heard: Int16Array[] = [];
  caller.onFrame((pcm) => heard.push(pcm));
  const over = leg.hold();
  await vi.waitFor(() => expect(caller.hasMusic).toBe(true));
  const toldFrames = (): number => heard.filter((pcm) => pcm[0] === TOLD).length;
  return { caller, leg, over, heard, toldFrames };
}

test('words are heard whole in place of the music, which goes on behind them', async () => {
  await using rig = await openRig();
  const { caller, leg, over, toldFrames } = await openHeld(rig);
  const played = leg.playOnHold(words(30), { signal: SIGNAL });
  await vi.waitFor(() => expect(toldFrames()).toBeGreaterThan(0), { timeout: 3_000 });
  expect(caller.hasMusic).toBe(false);
  expect(await played).toBe(true);
  expect([caller.hasMusic, toldFrames()]).toEqual([true, 30]);
  expect(await leg.playOnHold(words(5), { signal: SIGNAL })).toBe(true);
  expect(toldFrames()).toBe(35);
  caller.hangUp();
  await over;
  await expectNothingLeft(rig);
});

test('the end of the hold cuts the words, and the agent is heard without music', async () => {
  await using rig = await openRig();
  const { caller, leg, over, heard, toldFrames } = await openHeld(rig);
  const played = leg.playOnHold(words(500), { signal: SIGNAL });
  await vi.waitFor(() => expect(toldFrames()).toBeGreaterThan(0), { timeout: 3_000 });
  await leg.endHold();
  expect([await played, caller.hasMusic]).toEqual([false, false]);
  await over;
  const before = toldFrames();
  const transport = await leg.openMedia(() => {}, { signal: SIGNAL });
  transport.send(loudFrames(5));
  await vi.waitFor(() => expect(heard.filter((pcm) => pcm[0] === 8_000)).toHaveLength(5));
  expect([toldFrames(), await leg.playOnHold(words(5), { signal: SIGNAL })]).toEqual([before, false]);
  await leg.hangUp();
  await expectNothingLeft(rig);
});

test('an abort cuts the words and leaves the caller to the music; a hang-up leaves nothing', async () => {
  await using rig = await openRig();
  const { caller, leg, over, toldFrames } = await openHeld(rig);
  const cut = new AbortController();
  const played = leg.playOnHold(words(500), { signal: cut.signal });
  await vi.waitFor(() => expect(toldFrames()).toBeGreaterThan(0), { timeout: 3_000 });
  cut.abort();
  expect([await played, caller.hasMusic]).toEqual([false, true]);
  const again = leg.playOnHold(words(500), { signal: SIGNAL });
  await vi.waitFor(() => expect(caller.hasMusic).toBe(false));
  caller.hangUp();
  expect(await again).toBe(false);
  await over;
  await expectNothingLeft(rig);
});

test('a hang-up in the middle of the words is nothing to warn of', async () => {
  const warnings: string[] = [];
  const log: Log = { debug() {}, info() {}, error() {}, warn: (_fields, message) => void warnings.push(message), child: () => log };
  await using rig = await openRig({ log });
  const { caller, leg, over, toldFrames } = await openHeld(rig);
  const played = leg.playOnHold(words(500), { signal: SIGNAL });
  await vi.waitFor(() => expect(toldFrames()).toBeGreaterThan(0), { timeout: 3_000 });
  caller.hangUp();
  expect(await played).toBe(false);
  await over;
  await expectNothingLeft(rig);
  expect(warnings).toEqual([]);
});

test('words that find no media socket leave the caller to the music', async () => {
  await using rig = await openRig();
  const { caller, leg, toldFrames } = await openHeld(rig);
  const played = leg.playOnHold(words(500), { signal: SIGNAL });
  await vi.waitFor(() => expect(toldFrames()).toBeGreaterThan(0), { timeout: 3_000 });
  rig.standIn.cutMedia();
  expect([await played, caller.hasMusic]).toEqual([false, true]);
  await leg.hangUp();
  await expectNothingLeft(rig);
});
