import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { FRAME_SAMPLES } from '#audio/frame.ts';
import type { LegEvent } from '#ports/call-control.ts';
import {
  arrive,
  expectNothingLeft,
  first,
  kinds,
  loudFrames,
  marks,
  openRig,
  openTalk,
  SIGNAL,
  transferRequest,
} from './testing/asterisk-rig.ts';

test('a call arrives with its numbers and its recording, and sound goes both ways', async () => {
  await using rig = await openRig();
  const { caller, leg, transport, sound, heard } = await openTalk(rig);
  expect(leg).toMatchObject({ dialledNumber: '600', callerNumber: '+34600000001', recordingPath: `/recordings/${leg.legId}.wav` });
  caller.sendFrame(loudFrames(1));
  transport.send(loudFrames(3));
  await vi.waitFor(() => expect(heard).toHaveLength(3));
  await vi.waitFor(() => expect(kinds(sound)).toContain('frame'));
  const frame = sound.find((event) => event.kind === 'frame');
  expect([frame?.pcm.length, frame?.pcm[0]]).toEqual([FRAME_SAMPLES, 8_000]);
  await leg.hangUp();
  expect(await caller.ended).toBe(16);
  await expectNothingLeft(rig);
});

test.each([
  ['unknown_number', 1],
  ['at_capacity', 17],
  ['not_ready', 34],
] as const)('a call refused because of %s ends with cause %i and leaves nothing behind', async (reason, cause) => {
  await using rig = await openRig();
  const { caller, leg, legEvents } = await arrive(rig);
  await leg.reject(reason);
  expect(await caller.ended).toBe(cause);
  expect(legEvents).toMatchObject([{ kind: 'hung_up', by: 'us', cause: `Q.850 ${cause}` }]);
  await expectNothingLeft(rig);
});

test('keys and the hang-up reach the listener in order, also when it listens late', async () => {
  await using rig = await openRig();
  const caller = rig.standIn.placeCall({ dialledNumber: '600', callerNumber: '' });
  const leg = await first(rig.legs);
  for (const digit of '12#') caller.sendDtmf(digit);
  caller.hangUp();
  await expectNothingLeft(rig);
  await sleep(20);
  const events: LegEvent[] = [];
  leg.listen((event) => events.push(event));
  expect(events.map((event) => (event.kind === 'dtmf' ? event.digit : `${event.by} ${event.cause}`))).toEqual([
    '1',
    '2',
    '#',
    'caller Q.850 16',
  ]);
});

test('marks tell what was heard, and a flush throws waiting sound and marks away', async () => {
  await using rig = await openRig();
  const { leg, transport, sound, heard } = await openTalk(rig);
  transport.send(loudFrames(5));
  transport.mark('first');
  transport.send(loudFrames(10));
  transport.send(loudFrames(10));
  transport.mark('second');
  await vi.waitFor(() => expect(marks(sound)).toEqual(['first']));
  expect(heard.length).toBeGreaterThanOrEqual(5);
  transport.flush();
  transport.pollQueue();
  await vi.waitFor(() => expect(sound.at(-1)).toMatchObject({ kind: 'queue_length', frames: 0 }));
  const heardAtFlush = heard.length;
  expect(heardAtFlush).toBeLessThan(25);
  await sleep(60);
  expect(heard).toHaveLength(heardAtFlush);
  transport.send(loudFrames(1));
  transport.mark('third');
  await vi.waitFor(() => expect(marks(sound)).toEqual(['first', 'third']));
  await leg.hangUp();
  await expectNothingLeft(rig);
});

test('when the caller hangs up the transport closes, everything is destroyed, and late calls do nothing or say that the leg is gone', async () => {
  await using rig = await openRig();
  const { caller, leg, transport, sound, legEvents } = await openTalk(rig);
  caller.hangUp();
  await vi.waitFor(() => expect(legEvents).toMatchObject([{ kind: 'hung_up', by: 'caller', cause: 'Q.850 16' }]));
  expect(sound.at(-1)).toMatchObject({ kind: 'closed', reason: 'hung_up' });
  await expectNothingLeft(rig);
  transport.send(loudFrames(1));
  transport.flush();
  transport.mark('late');
  await leg.hangUp();
  await expect(leg.answer({ signal: SIGNAL })).rejects.toThrow('is over');
  await expect(leg.openMedia(() => undefined, { signal: SIGNAL })).rejects.toThrow('is over');
  expect(await leg.transfer({ organizationSlug: 'clinica', extension: '201' }, transferRequest({ ringMs: 100 }))).toEqual({
    kind: 'caller_gone',
  });
  expect(kinds(sound).filter((kind) => kind === 'closed')).toHaveLength(1);
});

test('a caller who hangs up at any moment of the set-up leaves nothing behind', { timeout: 20_000 }, async () => {
  await using rig = await openRig();
  for (let delayMs = 0; delayMs < 12; delayMs += 1) {
    const { caller, leg } = await arrive(rig);
    const setup = leg.openMedia(() => undefined, { signal: SIGNAL }).then(() => leg.answer({ signal: SIGNAL }));
    const outcome = setup.then(
      () => 'answered',
      (error: unknown) => (error as Error).name,
    );
    await sleep(delayMs);
    caller.hangUp();
    expect(['answered', 'LegGoneError']).toContain(await outcome);
    await leg.hangUp();
    await expectNothingLeft(rig);
  }
});

test('a set-up that is aborted leaves the caller ringing and nothing else', async () => {
  await using rig = await openRig();
  const { caller, leg } = await arrive(rig);
  await expect(leg.openMedia(() => undefined, { signal: AbortSignal.abort(new Error('too late')) })).rejects.toThrow('too late');
  await vi.waitFor(() => expect(rig.standIn.leftovers()).toEqual({ channels: [caller.channelId], bridges: [], mediaSockets: 0 }));
  expect(caller.state).toBe('ringing');
  await leg.hangUp();
  await expectNothingLeft(rig);
});

test('sound that is not whole frames is a bug and is refused', async () => {
  await using rig = await openRig();
  const { leg, transport } = await openTalk(rig);
  expect(() => transport.send(new Int16Array(321))).toThrow('321 samples');
  expect(() => transport.send(new Int16Array(320 * 13))).toThrow('4160 samples');
  await leg.hangUp();
});

test('a transport that its owner closes says so once, and the call stays up', async () => {
  await using rig = await openRig();
  const { caller, leg, transport, sound } = await openTalk(rig);
  await transport[Symbol.asyncDispose]();
  await transport[Symbol.asyncDispose]();
  expect(sound).toMatchObject([{ kind: 'closed', reason: 'closed_by_us' }]);
  expect(caller.state).toBe('answered');
  await leg.hangUp();
  await expectNothingLeft(rig);
});
