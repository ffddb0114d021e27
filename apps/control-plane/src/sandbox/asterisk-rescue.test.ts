// Callers who outlive the process that served them, on the stand-in for Asterisk: found, given sound, and handed over with what they said meanwhile.
import { expect, test, vi } from 'vitest';
import { openAsterisk } from '#adapters/asterisk/asterisk.ts';
import { silentObserver } from '#adapters/asterisk/observed-ari.ts';
import { silentFrames } from '#audio/frame.ts';
import type { AudioTransportEvent } from '#ports/audio-transport.ts';
import type { CallControl, CallLeg, LegEvent } from '#ports/call-control.ts';
import { silentLog } from '#shared/log.ts';
import { openAsteriskStandIn } from './asterisk-stand-in.ts';
import type { AsteriskStandIn } from './asterisk-stand-in.ts';
import { first, loudFrames, NOTHING_LEFT, SIGNAL } from './testing/asterisk-rig.ts';

const WORDS = silentFrames(10).fill(4_000);

function connect({ url, username, password, application }: AsteriskStandIn, lastAliveAt?: Date, observer = silentObserver) {
  const rescue = { lastAliveAt: lastAliveAt ?? null, words: (language: string) => (language === 'es' ? WORDS : null) };
  const reach = { url, username, password, application, recordingsFolder: null, log: silentLog };
  return openAsterisk({ ...reach, nowMs: () => performance.now(), signal: SIGNAL, observer, ...(lastAliveAt && { rescue }) });
}

/** A first process, and a call that rings at it. */
async function ringingCall(standIn: AsteriskStandIn, callerNumber = '') {
  const before = await connect(standIn);
  const legs: CallLeg[] = [];
  before.onIncomingCall((leg) => legs.push(leg));
  const caller = standIn.placeCall({ dialledNumber: '600', callerNumber });
  const heard: number[] = [];
  caller.onFrame((pcm) => heard.push(pcm[0] ?? 0));
  return { caller, before, heard, leg: await first(legs) };
}

/** A call that a first process answered. That process is not closed: it died, which here means that its sockets are cut. */
async function crashedCall(standIn: AsteriskStandIn) {
  const { leg, ...call } = await ringingCall(standIn, '+34600000001');
  const events: LegEvent[] = [];
  leg.listen((event) => events.push(event));
  await leg.openMedia(() => undefined, { signal: SIGNAL });
  await leg.answer({ signal: SIGNAL });
  leg.keepLanguage('es');
  return { ...call, events };
}

/** The first of those whom the process before left behind. */
function takeSurvivor(after: CallControl): CallLeg {
  const [survivor] = after.takeSurvivors();
  if (survivor === undefined) throw new Error('nobody survived');
  return survivor.leg;
}

/** Holds the caller, tells him his place under which he hears music, and lets the agent speak, under whom he hears none. */
async function holdAndServe(leg: CallLeg, { caller, heard }: Pick<Awaited<ReturnType<typeof ringingCall>>, 'caller' | 'heard'>) {
  const over = leg.hold();
  expect(await leg.playOnHold(silentFrames(10).fill(3_333), { signal: SIGNAL })).toBe(true);
  expect([caller.hasMusic, heard.filter((sample) => sample === 3_333).length]).toEqual([true, 10]);
  await leg.endHold();
  await over;
  const transport = await leg.openMedia(() => undefined, { signal: SIGNAL });
  transport.send(loudFrames(3));
  await vi.waitFor(() => expect(heard).toContain(8_000));
  expect(caller.hasMusic).toBe(false);
  await leg.hangUp();
}

test('a caller of a dead process hears a word in his language before anybody knows whose call it is, and is handed over with what he said', async () => {
  await using standIn = await openAsteriskStandIn();
  const { caller, before, events, heard } = await crashedCall(standIn);
  standIn.cutMedia();
  await using after = await connect(standIn, new Date(Date.now() - 3_000));
  const [survivor, ...others] = after.takeSurvivors();
  expect(others).toEqual([]);
  expect(after.takeSurvivors()).toEqual([]);
  expect(survivor).toMatchObject({ isAnswered: true, hasApologised: true, talk: null });
  expect(survivor?.gapMs).toBeGreaterThanOrEqual(3_000);
  const leg = survivor?.leg;
  if (leg === undefined) throw new Error('nobody survived');
  expect(leg).toMatchObject({ legId: caller.channelId, dialledNumber: '600' });
  await vi.waitFor(() => expect(heard).toContain(4_000));
  caller.sendFrame(loudFrames(1));
  const sound: AudioTransportEvent[] = [];
  await leg.openMedia((event) => sound.push(event), { signal: SIGNAL });
  await vi.waitFor(() => expect(sound.some((event) => event.kind === 'frame' && event.pcm[0] === 8_000)).toBe(true));
  expect(events).toEqual([]);
  await leg.hangUp();
  await vi.waitFor(() => expect(standIn.leftovers()).toEqual(NOTHING_LEFT));
  await before[Symbol.asyncDispose]();
});

test('a caller who was on hold in a dead process hears no music under what is said, and can be held and told his place again', async () => {
  await using standIn = await openAsteriskStandIn();
  const { before, leg, ...call } = await ringingCall(standIn);
  void leg.hold();
  await vi.waitFor(() => expect(call.caller.hasMusic).toBe(true));
  await using after = await connect(standIn, new Date());
  expect(call.caller.hasMusic).toBe(false);
  await holdAndServe(takeSurvivor(after), call);
  await vi.waitFor(() => expect(standIn.leftovers()).toEqual(NOTHING_LEFT));
  await before[Symbol.asyncDispose]();
});

test('a caller whose telephone still rang in a dead process can be held and told his place, and hears the agent behind it', async () => {
  await using standIn = await openAsteriskStandIn();
  const { before, leg, ...call } = await ringingCall(standIn);
  // The sound is built before the answer: he is in a bridge already.
  await leg.openMedia(() => undefined, { signal: SIGNAL });
  standIn.cutMedia();
  await using after = await connect(standIn, new Date());
  await holdAndServe(takeSurvivor(after), call);
  await vi.waitFor(() => expect(standIn.leftovers()).toEqual(NOTHING_LEFT));
  await before[Symbol.asyncDispose]();
});

test('a control plane whose application another one takes steps down: it is not ready, lets its callers go, and touches nothing of theirs', async () => {
  await using standIn = await openAsteriskStandIn();
  const { caller, before, events } = await crashedCall(standIn);
  standIn.injectEvent(JSON.stringify({ type: 'ApplicationReplaced', application: standIn.application, timestamp: '' }));
  await vi.waitFor(() => expect(before.isConnected()).toBe(false));
  expect(events).toMatchObject([{ kind: 'hung_up', by: 'taken_over' }]);
  await before[Symbol.asyncDispose]();
  expect(caller.state).toBe('answered');
  expect(standIn.leftovers()).toMatchObject({ channels: [caller.channelId], bridges: [`${caller.channelId}-bridge`] });
});

test('who comes while nobody listens yet is a new call', async () => {
  await using standIn = await openAsteriskStandIn();
  await using asterisk = await connect(standIn, new Date());
  const early = standIn.placeCall({ dialledNumber: '600', callerNumber: '' });
  expect(asterisk.takeSurvivors()).toEqual([]);
  const legs: CallLeg[] = [];
  asterisk.onIncomingCall((leg) => legs.push(leg));
  expect((await first(legs)).legId).toBe(early.channelId);
  await legs[0]?.hangUp();
  await vi.waitFor(() => expect(standIn.leftovers()).toEqual(NOTHING_LEFT));
});

test('what is asked of Asterisk for a caller of a dead process is told to whoever counts requests, as for any other', async () => {
  await using standIn = await openAsteriskStandIn();
  const { before } = await crashedCall(standIn);
  standIn.cutMedia();
  const requested: string[] = [];
  const observer = { ...silentObserver, requested: ({ operation }: { operation: string }) => void requested.push(operation) };
  await using after = await connect(standIn, new Date(), observer);
  const leg = takeSurvivor(after);
  expect(requested).toContain('channels.externalMedia');
  await leg.hangUp();
  expect(requested.filter((operation) => operation === 'channels.hangup')).not.toHaveLength(0);
  await before[Symbol.asyncDispose]();
});
