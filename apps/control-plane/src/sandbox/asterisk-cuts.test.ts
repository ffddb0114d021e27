// The event socket breaks while a call is being set up: the caller is still in Asterisk, and is answered and heard when there is a connection again.
import { expect, test, vi } from 'vitest';
import { silentObserver } from '#adapters/asterisk/observed-ari.ts';
import { LegGoneError } from '#ports/call-control.ts';
import type { AudioTransportEvent } from '#ports/audio-transport.ts';
import { arrive, expectNothingLeft, loudFrames, marks, openRig, type Rig, SIGNAL } from './testing/asterisk-rig.ts';

/** Opens a rig that cuts the control connection once, when the adapter tells `moment`. */
async function openCuttingRig(moment: string): Promise<Rig> {
  let isCut = false;
  const at = (seen: string): void => {
    if (seen !== moment || isCut) return;
    isCut = true;
    rig.standIn.cutControl();
  };
  const observer = { ...silentObserver, media: at, requested: ({ operation }: { operation: string }) => at(operation) };
  const rig = await openRig({ observer });
  return rig;
}

/** Everything that a call of one caller has in Asterisk, and nothing else. */
const ONE_CALL = { channels: 2, bridges: 1, mediaSockets: 1 };
const counted = ({ channels, bridges, mediaSockets }: ReturnType<Rig['standIn']['leftovers']>) => ({
  channels: channels.length,
  bridges: bridges.length,
  mediaSockets,
});

test.each(['bridges.createWithId', 'channels.externalMedia', 'opened', 'bridges.addChannel', 'channels.answer'])(
  'a call whose control connection breaks at %s is answered, and both hear each other',
  { timeout: 15_000 },
  async (moment) => {
    await using rig = await openCuttingRig(moment);
    const { caller, leg } = await arrive(rig);
    const heard: Int16Array[] = [];
    caller.onFrame((pcm) => heard.push(pcm));
    const sound: AudioTransportEvent[] = [];
    const transport = await leg.openMedia((event) => sound.push(event), { signal: SIGNAL });
    await leg.answer({ signal: SIGNAL });
    await caller.answered;
    transport.send(loudFrames(2));
    transport.mark('heard');
    await vi.waitFor(() => expect(marks(sound)).toEqual(['heard']));
    caller.sendFrame(loudFrames(1));
    await vi.waitFor(() => expect(sound.some((event) => event.kind === 'frame' && event.pcm[0] === 8_000)).toBe(true));
    expect(heard.filter((pcm) => pcm[0] === 8_000)).toHaveLength(2);
    expect([caller.state, rig.legs]).toEqual(['answered', [leg]]);
    await vi.waitFor(() => expect(rig.asterisk.isConnected()).toBe(true), { timeout: 5_000 });
    await vi.waitFor(() => expect(counted(rig.standIn.leftovers())).toEqual(ONE_CALL));
    await leg.hangUp();
    await expectNothingLeft(rig);
  },
);

test.each(['at its first request', 'while it is answered'])(
  'a call whose control connection breaks %s, before Asterisk could answer, is set up all the same',
  { timeout: 15_000 },
  async (when) => {
    await using rig = await openRig();
    const { caller, leg } = await arrive(rig);
    const opening = leg.openMedia(() => undefined, { signal: SIGNAL });
    if (when === 'at its first request') rig.standIn.cutControl();
    await opening;
    const answering = leg.answer({ signal: SIGNAL });
    if (when === 'while it is answered') rig.standIn.cutControl();
    await answering;
    await caller.answered;
    await vi.waitFor(() => expect(counted(rig.standIn.leftovers())).toEqual(ONE_CALL));
    await leg.hangUp();
    await expectNothingLeft(rig);
  },
);

test('a caller whose control connection breaks when he is to be held hears music', { timeout: 15_000 }, async () => {
  await using rig = await openCuttingRig('channels.answer');
  const { caller, leg } = await arrive(rig);
  const over = leg.hold();
  await vi.waitFor(() => expect(caller.hasMusic).toBe(true), { timeout: 5_000 });
  caller.hangUp();
  await over;
  await expectNothingLeft(rig);
});

test('a caller who hangs up while there is no connection ends the building of his sound', { timeout: 15_000 }, async () => {
  await using rig = await openRig();
  const { caller, leg } = await arrive(rig);
  const opening = leg.openMedia(() => undefined, { signal: SIGNAL });
  rig.standIn.cutControl();
  caller.hangUp();
  await expect(opening).rejects.toThrow(LegGoneError);
  await expectNothingLeft(rig);
});

test('the signal of the set-up ends the waiting for a connection', { timeout: 15_000 }, async () => {
  await using rig = await openRig();
  const { leg } = await arrive(rig);
  const setUp = new AbortController();
  const opening = leg.openMedia(() => undefined, { signal: setUp.signal });
  rig.standIn.cutControl();
  setUp.abort(new Error('the set-up took too long'));
  await expect(opening).rejects.toThrow('the set-up took too long');
  await leg.hangUp();
  await expectNothingLeft(rig);
});
