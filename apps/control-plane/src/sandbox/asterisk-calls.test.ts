import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { openAsterisk } from '#adapters/asterisk/asterisk.ts';
import { FRAME_SAMPLES, rmsDbfs, silentFrames } from '#audio/frame.ts';
import type { AudioTransport, AudioTransportEvent } from '#ports/audio-transport.ts';
import type { CallControl, CallLeg, LegEvent } from '#ports/call-control.ts';
import { silentLog } from '#shared/log.ts';
import type { StandInLeg, StandInPhone } from './asterisk-stand-in-leg.ts';
import { type AsteriskStandIn, openAsteriskStandIn } from './asterisk-stand-in.ts';

const NOTHING_LEFT = { channels: [], bridges: [], mediaSockets: 0 };
const SIGNAL = new AbortController().signal;

type Rig = AsyncDisposable & {
  readonly standIn: AsteriskStandIn;
  readonly asterisk: CallControl & AsyncDisposable;
  readonly legs: CallLeg[];
};

async function openRig(): Promise<Rig> {
  const standIn = await openAsteriskStandIn();
  const { url, username, password, application } = standIn;
  const nowMs = (): number => performance.now();
  const reach = { url, username, password, application };
  const asterisk = await openAsterisk({ ...reach, recordingsFolder: '/recordings', log: silentLog, nowMs, signal: SIGNAL });
  const legs: CallLeg[] = [];
  asterisk.onIncomingCall((leg) => legs.push(leg));
  return {
    standIn,
    asterisk,
    legs,
    async [Symbol.asyncDispose]() {
      await asterisk[Symbol.asyncDispose]();
      await standIn[Symbol.asyncDispose]();
    },
  };
}

type Talk = {
  readonly caller: StandInLeg;
  readonly leg: CallLeg;
  readonly transport: AudioTransport;
  readonly legEvents: LegEvent[];
  readonly sound: AudioTransportEvent[];
  readonly heard: Int16Array[];
};

async function arrive({ standIn, legs }: Rig): Promise<{ caller: StandInLeg; leg: CallLeg; legEvents: LegEvent[] }> {
  const caller = standIn.placeCall({ dialledNumber: '600', callerNumber: '+34600000001' });
  const leg = await vi.waitFor(() => {
    const found = legs.find((each) => each.legId === caller.channelId);
    if (found === undefined) throw new Error('no leg came');
    return found;
  });
  const legEvents: LegEvent[] = [];
  leg.listen((event) => legEvents.push(event));
  return { caller, leg, legEvents };
}

async function openTalk(rig: Rig): Promise<Talk> {
  const { caller, leg, legEvents } = await arrive(rig);
  const sound: AudioTransportEvent[] = [];
  const heard: Int16Array[] = [];
  caller.onFrame((pcm) => heard.push(pcm));
  const transport = await leg.openMedia((event) => sound.push(event), { signal: SIGNAL });
  await leg.answer({ signal: SIGNAL });
  await caller.answered;
  return { caller, leg, transport, legEvents, sound, heard };
}

function loudFrames(count: number): Int16Array {
  return silentFrames(count).fill(8_000);
}

/** The first item, once there is one. */
function first<T>(items: readonly T[]): Promise<T> {
  return vi.waitFor(() => {
    const [item] = items;
    if (item === undefined) throw new Error('nothing came');
    return item;
  });
}

const kinds = (events: readonly { kind: string }[]): string[] => events.map((event) => event.kind);
const marks = (sound: readonly AudioTransportEvent[]): string[] =>
  sound.flatMap((event) => (event.kind === 'mark_heard' ? [event.markId] : []));

async function expectNothingLeft({ standIn }: Rig): Promise<void> {
  await vi.waitFor(() => expect(standIn.leftovers()).toEqual(NOTHING_LEFT));
}

test('a call arrives with its numbers and its recording, and sound goes both ways', async () => {
  await using rig = await openRig();
  const { caller, leg, transport, sound, heard } = await openTalk(rig);
  expect(leg).toMatchObject({ dialledNumber: '600', callerNumber: '+34600000001', recordingPath: `/recordings/${leg.legId}.raw` });
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
  expect(await leg.transfer('201', { ringMs: 100, signal: SIGNAL })).toEqual({ kind: 'caller_gone' });
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

test('a media socket that breaks is told as lost, the call goes on, and the sound can be opened anew', async () => {
  await using rig = await openRig();
  const { caller, leg, sound } = await openTalk(rig);
  rig.standIn.cutMedia();
  await vi.waitFor(() => expect(sound.at(-1)).toMatchObject({ kind: 'closed', reason: 'lost' }));
  expect(caller.state).toBe('answered');
  const again: AudioTransportEvent[] = [];
  const transport = await leg.openMedia((event) => again.push(event), { signal: SIGNAL });
  transport.send(loudFrames(1));
  transport.mark('again');
  await vi.waitFor(() => expect(marks(again)).toEqual(['again']));
  await leg.hangUp();
  await expectNothingLeft(rig);
});

test('messages of a wrong size, unknown control messages and unknown events change nothing', async () => {
  await using rig = await openRig();
  const { caller, leg, sound } = await openTalk(rig);
  rig.standIn.injectMedia(new Uint8Array(641));
  rig.standIn.injectMedia(new Uint8Array(0));
  for (const text of ['{"event":"FROM_THE_FUTURE"}', 'DTMF_END digit:5', '{"event":"STATUS"}', '[]']) rig.standIn.injectMedia(text);
  for (const text of ['{"type":"FromTheFuture"}', '{', '{"type":"StasisStart"}']) rig.standIn.injectEvent(text);
  caller.sendFrame(loudFrames(1));
  const frame = await first(sound);
  expect([frame.kind, frame.kind === 'frame' ? frame.pcm[0] : null]).toEqual(['frame', 8_000]);
  await sleep(20);
  expect(kinds(sound)).toEqual(['frame']);
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

function phoneOf(rig: Rig, endpoint = 'PJSIP/phone-201'): Promise<StandInPhone> {
  return new Promise((resolve) => rig.standIn.registerPhone(endpoint, resolve));
}

test('a transfer rings, the caller hears ringing meanwhile, and both talk without us', async () => {
  await using rig = await openRig();
  const { caller, leg, transport, heard, sound } = await openTalk(rig);
  const ringing = phoneOf(rig);
  const outcome = leg.transfer('201', { ringMs: 5_000, signal: SIGNAL });
  const phone = await ringing;
  await vi.waitFor(() => expect(heard.some((pcm) => rmsDbfs(pcm) > -25)).toBe(true));
  transport.send(loudFrames(1));
  phone.answer();
  const atPhone: Int16Array[] = [];
  phone.onFrame((pcm) => atPhone.push(pcm));
  await vi.waitFor(() => {
    caller.sendFrame(loudFrames(1));
    expect(atPhone.length).toBeGreaterThan(0);
  });
  heard.length = 0;
  phone.sendFrame(loudFrames(1));
  expect(heard).toHaveLength(1);
  phone.hangUp();
  expect(await outcome).toMatchObject({ kind: 'bridged', talkedMs: expect.any(Number) });
  sound.length = 0;
  caller.sendFrame(loudFrames(1));
  await vi.waitFor(() => expect(kinds(sound)).toContain('frame'));
  await leg.hangUp();
  await expectNothingLeft(rig);
});

test('a transfer that reaches nobody says why and gives the sound back', async () => {
  await using rig = await openRig();
  const { leg, transport, sound } = await openTalk(rig);
  const options = { ringMs: 300, signal: SIGNAL };
  rig.standIn.registerPhone('PJSIP/phone-201', (phone) => phone.decline());
  expect(await leg.transfer('201', options)).toEqual({ kind: 'busy' });
  rig.standIn.registerPhone('PJSIP/phone-202', () => undefined);
  expect(await leg.transfer('202', options)).toEqual({ kind: 'no_answer' });
  expect(await leg.transfer('203', options)).toMatchObject({ kind: 'failed', cause: expect.stringContaining('Allocation failed') });
  expect(await leg.transfer('0034@trunk', options)).toMatchObject({ kind: 'failed' });
  transport.send(loudFrames(1));
  transport.mark('back');
  await vi.waitFor(() => expect(marks(sound)).toEqual(['back']));
  await leg.hangUp();
  await expectNothingLeft(rig);
});

test('a caller who hangs up while it rings, or while they talk, ends the transfer and the other telephone', async () => {
  await using rig = await openRig();
  for (const talks of [false, true]) {
    const { caller, leg } = await openTalk(rig);
    const ringing = phoneOf(rig);
    const outcome = leg.transfer('201', { ringMs: 5_000, signal: SIGNAL });
    const phone = await ringing;
    if (talks) {
      phone.answer();
      await sleep(50);
    }
    caller.hangUp();
    expect((await outcome).kind).toBe(talks ? 'bridged' : 'caller_gone');
    expect(await phone.ended).toBe(16);
    await expectNothingLeft(rig);
  }
});

test('an aborted transfer rejects with the reason and stops the ringing', async () => {
  await using rig = await openRig();
  const { leg } = await openTalk(rig);
  const ringing = phoneOf(rig);
  const controller = new AbortController();
  const outcome = leg.transfer('201', { ringMs: 5_000, signal: controller.signal }).catch((error: unknown) => error);
  const phone = await ringing;
  controller.abort(new Error('changed our mind'));
  expect(await outcome).toMatchObject({ message: 'changed our mind' });
  await phone.ended;
  await leg.hangUp();
  await expectNothingLeft(rig);
});

test('a cut of the control connection ends no call; a caller who left meanwhile is told as ended', async () => {
  await using rig = await openRig();
  const stays = await openTalk(rig);
  const leaves = await openTalk(rig);
  rig.standIn.cutControl();
  leaves.caller.hangUp();
  await vi.waitFor(() => expect(rig.asterisk.isConnected()).toBe(false));
  await vi.waitFor(() => expect(rig.asterisk.isConnected()).toBe(true), { timeout: 5_000 });
  await vi.waitFor(() => expect(leaves.legEvents).toMatchObject([{ kind: 'hung_up', by: 'system' }]));
  stays.transport.send(loudFrames(1));
  stays.transport.mark('still here');
  await vi.waitFor(() => expect(marks(stays.sound)).toEqual(['still here']));
  stays.caller.sendDtmf('7');
  await vi.waitFor(() => expect(stays.legEvents).toMatchObject([{ kind: 'dtmf', digit: '7' }]));
  await stays.leg.hangUp();
  await expectNothingLeft(rig);
});

test('callers and remains of a controller that crashed are found by the next one: the caller is taken, the rest destroyed', async () => {
  await using standIn = await openAsteriskStandIn();
  const { url, username, password, application } = standIn;
  const open = (): ReturnType<typeof openAsterisk> =>
    openAsterisk({
      url,
      username,
      password,
      application,
      recordingsFolder: null,
      log: silentLog,
      nowMs: () => performance.now(),
      signal: SIGNAL,
    });
  const crashed = await open();
  const firstLegs: CallLeg[] = [];
  crashed.onIncomingCall((leg) => firstLegs.push(leg));
  const caller = standIn.placeCall({ dialledNumber: '600', callerNumber: '' });
  const firstLeg = await first(firstLegs);
  await firstLeg.openMedia(() => undefined, { signal: SIGNAL });
  await using second = await open();
  const secondLegs: CallLeg[] = [];
  second.onIncomingCall((leg) => secondLegs.push(leg));
  const leg = await first(secondLegs);
  expect(leg).toMatchObject({ legId: caller.channelId, dialledNumber: '600', recordingPath: null });
  await vi.waitFor(() => expect(standIn.leftovers()).toEqual({ channels: [caller.channelId], bridges: [], mediaSockets: 0 }));
  await leg.openMedia(() => undefined, { signal: SIGNAL });
  await leg.answer({ signal: SIGNAL });
  await leg.hangUp();
  await vi.waitFor(() => expect(standIn.leftovers()).toEqual(NOTHING_LEFT));
  await crashed[Symbol.asyncDispose]();
});

test('closing hangs up what is left', async () => {
  await using rig = await openRig();
  const { caller } = await openTalk(rig);
  await rig.asterisk[Symbol.asyncDispose]();
  expect(await caller.ended).toBe(16);
  await expectNothingLeft(rig);
});

test('without a controller a caller meets the safety net', async () => {
  await using standIn = await openAsteriskStandIn();
  const caller = standIn.placeCall({ dialledNumber: '600', callerNumber: '' });
  expect(await caller.ended).toBe(34);
  expect(standIn.leftovers()).toEqual(NOTHING_LEFT);
});
