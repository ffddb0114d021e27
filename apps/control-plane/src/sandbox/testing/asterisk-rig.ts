// The stand-in for Asterisk and the product's own adapter on it, for tests of whole calls.
import { expect, vi } from 'vitest';
import { openAsterisk } from '#adapters/asterisk/asterisk.ts';
import { type AsteriskObserver, silentObserver } from '#adapters/asterisk/observed-ari.ts';
import { silentFrames } from '#audio/frame.ts';
import type { AudioTransport, AudioTransportEvent } from '#ports/audio-transport.ts';
import type { CallLeg, LegEvent, TransferRequest } from '#ports/call-control.ts';
import type { Log } from '#shared/log.ts';
import { silentLog } from '#shared/log.ts';
import type { StandInLeg } from '#sandbox/asterisk-stand-in-leg.ts';
import { type AsteriskStandIn, openAsteriskStandIn } from '#sandbox/asterisk-stand-in.ts';

/** What `leftovers` says after a clean end. */
export const NOTHING_LEFT = { channels: [], bridges: [], mediaSockets: 0 };
/** A signal that nobody aborts. */
export const SIGNAL = new AbortController().signal;

/** The stand-in and the adapter, connected. */
export type Rig = AsyncDisposable & {
  readonly standIn: AsteriskStandIn;
  readonly asterisk: Awaited<ReturnType<typeof openAsterisk>>;
  readonly legs: CallLeg[];
};

/** Who is told; default: nobody. */
export type RigOptions = { readonly log?: Log; readonly observer?: AsteriskObserver };

/** Opens both; dispose closes both. */
export async function openRig({ log = silentLog, observer = silentObserver }: RigOptions = {}): Promise<Rig> {
  const standIn = await openAsteriskStandIn();
  const { url, username, password, application } = standIn;
  const nowMs = (): number => performance.now();
  const reach = { url, username, password, application };
  const asterisk = await openAsterisk({ ...reach, recordingsFolder: '/recordings', log, nowMs, signal: SIGNAL, observer });
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

/** An answered call, from both ends. */
export type Talk = {
  readonly caller: StandInLeg;
  readonly leg: CallLeg;
  readonly transport: AudioTransport;
  readonly legEvents: LegEvent[];
  readonly sound: AudioTransportEvent[];
  readonly heard: Int16Array[];
};

/** Lets a call ring until the adapter has it. */
export async function arrive({ standIn, legs }: Rig): Promise<{ caller: StandInLeg; leg: CallLeg; legEvents: LegEvent[] }> {
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

/** Lets a call ring and answers it. */
export async function openTalk(rig: Rig): Promise<Talk> {
  const { caller, leg, legEvents } = await arrive(rig);
  const sound: AudioTransportEvent[] = [];
  const heard: Int16Array[] = [];
  caller.onFrame((pcm) => heard.push(pcm));
  const transport = await leg.openMedia((event) => sound.push(event), { signal: SIGNAL });
  await leg.answer({ signal: SIGNAL });
  await caller.answered;
  return { caller, leg, transport, legEvents, sound, heard };
}

/** Rings without a word to whoever answers, but for what is given. */
export function transferRequest(given: Partial<TransferRequest> = {}): TransferRequest {
  return { ringMs: 5_000, brief: Promise.resolve(null), requiresKey: false, onProgress: () => {}, signal: SIGNAL, ...given };
}

/** Frames of a constant, loud level. */
export function loudFrames(count: number): Int16Array {
  return silentFrames(count).fill(8_000);
}

/** The first item, once there is one. */
export function first<T>(items: readonly T[]): Promise<T> {
  return vi.waitFor(() => {
    const [item] = items;
    if (item === undefined) throw new Error('nothing came');
    return item;
  });
}

/** The kinds of events, in order. */
export const kinds = (events: readonly { kind: string }[]): string[] => events.map((event) => event.kind);
/** Marks that were heard, in order. */
export const marks = (sound: readonly AudioTransportEvent[]): string[] =>
  sound.flatMap((event) => (event.kind === 'mark_heard' ? [event.markId] : []));

/** Waits until Asterisk has nothing of ours any more. */
export async function expectNothingLeft({ standIn }: Rig): Promise<void> {
  await vi.waitFor(() => expect(standIn.leftovers()).toEqual(NOTHING_LEFT));
}
