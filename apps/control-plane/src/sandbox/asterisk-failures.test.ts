import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { openAsterisk } from '#adapters/asterisk/asterisk.ts';
import { silentObserver } from '#adapters/asterisk/observed-ari.ts';
import { MAX_UNSENT_BYTES, MAX_WAITING_LEG_EVENTS } from '#adapters/asterisk/limits.ts';
import type { AudioTransportEvent } from '#ports/audio-transport.ts';
import type { CallLeg } from '#ports/call-control.ts';
import { silentLog } from '#shared/log.ts';
import { openAsteriskStandIn } from './asterisk-stand-in.ts';
import {
  arrive,
  expectNothingLeft,
  first,
  kinds,
  loudFrames,
  marks,
  NOTHING_LEFT,
  openRig,
  openTalk,
  SIGNAL,
} from './testing/asterisk-rig.ts';

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

test.each([
  ['while its beginning is told', false],
  ['while the control connection is away, which tells neither its beginning nor its end', true],
])(
  'a new sound that breaks before it is given, %s, is no end of anything: the next one is built in the bridge of before',
  async (_, isAway) => {
    let onOpened = (): void => undefined;
    await using rig = await openRig({ observer: { ...silentObserver, media: (change) => change === 'opened' && onOpened() } });
    const { caller, leg, sound } = await openTalk(rig);
    const { bridges } = rig.standIn.leftovers();
    rig.standIn.cutMedia();
    await vi.waitFor(() => expect(kinds(sound)).toEqual(['closed']));
    onOpened = () => rig.standIn.cutMedia();
    if (isAway) rig.standIn.cutControl();
    await vi.waitFor(() => expect(rig.asterisk.isConnected()).toBe(!isAway), { interval: 1 });
    const never: AudioTransportEvent[] = [];
    await expect(leg.openMedia((event) => never.push(event), { signal: SIGNAL })).rejects.toThrow(/media|channel/i);
    expect(kinds(never)).toEqual([]);
    expect(rig.standIn.leftovers()).toEqual({ channels: [caller.channelId], bridges, mediaSockets: 0 });
    onOpened = () => undefined;
    await vi.waitFor(() => expect(rig.asterisk.isConnected()).toBe(true), { timeout: 5_000 });
    const again: AudioTransportEvent[] = [];
    const transport = await leg.openMedia((event) => again.push(event), { signal: SIGNAL });
    transport.mark('again');
    await vi.waitFor(() => expect(marks(again)).toEqual(['again']));
    expect(rig.standIn.leftovers().bridges).toEqual(bridges);
    await leg.hangUp();
    await expectNothingLeft(rig);
  },
);

test('messages of a wrong size, unknown control messages and unknown events change nothing; the events are counted', async () => {
  const counted: string[] = [];
  await using rig = await openRig({ observer: { ...silentObserver, dropped: (reason) => counted.push(reason) } });
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
  await vi.waitFor(() => expect(counted).toEqual(['unknown_type', 'not_json', 'field_missing']));
  await leg.hangUp();
  await expectNothingLeft(rig);
});

test('keys that are pressed before anybody listens wait, the latest beyond what may wait are dropped and counted', async () => {
  const counted: string[] = [];
  await using rig = await openRig({ observer: { ...silentObserver, dropped: (reason) => counted.push(reason) } });
  const caller = rig.standIn.placeCall({ dialledNumber: '600', callerNumber: '' });
  const leg = await first(rig.legs);
  for (let key = 0; key < MAX_WAITING_LEG_EVENTS + 2; key += 1) caller.sendDtmf(String(key % 10));
  await vi.waitFor(() => expect(counted).toEqual(['nobody_listens', 'nobody_listens']));
  const heard: string[] = [];
  leg.listen((event) => event.kind === 'dtmf' && heard.push(event.digit));
  expect(heard).toEqual(Array.from({ length: MAX_WAITING_LEG_EVENTS }, (_, key) => String(key % 10)));
  await leg.hangUp();
  await expectNothingLeft(rig);
});

test('a hollow event is no call, and one that tells of a beginning again ends nothing', async () => {
  const counted: string[] = [];
  const dropped: object[] = [];
  const log = { ...silentLog, warn: (fields: object) => void dropped.push(fields), child: () => silentLog };
  await using rig = await openRig({ log, observer: { ...silentObserver, dropped: (reason) => counted.push(reason) } });
  const { caller, leg, transport, sound } = await openTalk(rig);
  const heard = { type: 'StasisStart', application: rig.standIn.application, timestamp: '' };
  for (const channel of [{}, { id: '' }, { id: {}, caller: [] }, { id: 'x' }])
    rig.standIn.injectEvent(JSON.stringify({ ...heard, args: ['inbound', '600'], channel }));
  const whole = { name: '', state: 'Up', caller: { number: '' }, dialplan: { exten: '600' } };
  for (const id of [caller.channelId, `${caller.channelId}-media`])
    rig.standIn.injectEvent(JSON.stringify({ ...heard, args: [], channel: { ...whole, id } }));
  await vi.waitFor(() => expect(dropped).toHaveLength(4));
  expect(dropped).toMatchObject(Array.from({ length: 4 }, () => ({ reason: 'wrong_value', type: 'StasisStart' })));
  expect(counted).toEqual(Array.from({ length: 4 }, () => 'wrong_value'));
  transport.mark('still here');
  await vi.waitFor(() => expect(marks(sound)).toEqual(['still here']));
  expect(rig.legs).toEqual([leg]);
  await leg.hangUp();
  await expectNothingLeft(rig);
});

test('a caller who is over is not taken again, whatever tells of his beginning', async () => {
  await using rig = await openRig();
  const { caller, leg } = await openTalk(rig);
  await leg.hangUp();
  await expectNothingLeft(rig);
  const channel = { id: caller.channelId, name: '', state: 'Ring', caller: { number: '' }, dialplan: { exten: '600' } };
  const { application } = rig.standIn;
  rig.standIn.injectEvent(JSON.stringify({ type: 'StasisStart', application, timestamp: '', args: ['inbound', '600'], channel }));
  await arrive(rig);
  expect(rig.legs).toHaveLength(2);
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

test('a controller whose application another one takes is told so', async () => {
  await using standIn = await openAsteriskStandIn();
  const { url, username, password, application } = standIn;
  const errors: string[] = [];
  const log = { ...silentLog, error: (_fields: object, message: string) => void errors.push(message), child: () => log };
  await using _asterisk = await openAsterisk({
    url,
    username,
    password,
    application,
    recordingsFolder: null,
    log,
    nowMs: () => performance.now(),
    signal: SIGNAL,
  });
  standIn.injectEvent(JSON.stringify({ type: 'ApplicationReplaced', application, timestamp: '' }));
  await vi.waitFor(() => expect(errors).toEqual([expect.stringContaining('another control plane')]));
});

test('that the application of somebody else is taken over is nothing to this one', async () => {
  await using rig = await openRig();
  rig.standIn.injectEvent(JSON.stringify({ type: 'ApplicationReplaced', application: 'nobody', timestamp: '' }));
  await openTalk(rig);
  expect(rig.asterisk.isConnected()).toBe(true);
});

test('a caller whom Asterisk cannot describe is hung up, and keeps nobody else from being found', async () => {
  const errors: unknown[] = [];
  const log = { ...silentLog, error: (fields: object) => void errors.push(fields), child: () => silentLog };
  await using rig = await openRig({ log });
  const stays = await openTalk(rig);
  const leaves = await openTalk(rig);
  const unheard = rig.standIn.placeCall({ dialledNumber: '600', callerNumber: '', isUnreadable: true });
  rig.standIn.cutControl();
  leaves.caller.hangUp();
  await vi.waitFor(() => expect(leaves.legEvents).toMatchObject([{ kind: 'hung_up', by: 'system' }]), { timeout: 5_000 });
  expect(await unheard.ended).toBe(16);
  expect(errors).toEqual([{ channelIds: [unheard.channelId] }]);
  expect(stays.caller.state).toBe('answered');
  await stays.leg.hangUp();
  await expectNothingLeft(rig);
});

test('closing hangs up what is left', async () => {
  await using rig = await openRig();
  const { caller } = await openTalk(rig);
  await rig.asterisk[Symbol.asyncDispose]();
  expect(await caller.ended).toBe(16);
  await expectNothingLeft(rig);
});

test('a caller who comes while the adapter closes is refused, not left in silence', async () => {
  await using rig = await openRig();
  const { caller } = await openTalk(rig);
  const closing = rig.asterisk[Symbol.asyncDispose]();
  const late = rig.standIn.placeCall({ dialledNumber: '600', callerNumber: '' });
  await closing;
  expect(await caller.ended).toBe(16);
  expect(await late.ended).toBe(34);
  await expectNothingLeft(rig);
});

test('without a controller a caller meets the safety net', async () => {
  await using standIn = await openAsteriskStandIn();
  const caller = standIn.placeCall({ dialledNumber: '600', callerNumber: '' });
  expect(await caller.ended).toBe(34);
  expect(standIn.leftovers()).toEqual(NOTHING_LEFT);
});

test('sound for an Asterisk that does not read is dropped, not piled up', async () => {
  await using rig = await openRig();
  const { leg, transport, heard, sound } = await openTalk(rig);
  const unsent = vi.spyOn(WebSocket.prototype, 'bufferedAmount', 'get').mockReturnValue(MAX_UNSENT_BYTES + 1);
  transport.send(loudFrames(5));
  unsent.mockRestore();
  transport.mark('reads again');
  await vi.waitFor(() => expect(marks(sound)).toEqual(['reads again']));
  expect(heard).toEqual([]);
  await leg.hangUp();
  await expectNothingLeft(rig);
});
