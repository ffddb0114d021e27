// What every transport of a leg's sound must do, whoever plays it.
import { expect, it } from 'vitest';
import { FRAME_SAMPLES, silentFrames } from '#audio/frame.ts';
import type { AudioTransport, AudioTransportEvent } from '#ports/audio-transport.ts';

/** A transport under test with its far side. */
export type AudioTransportUnderTest = AsyncDisposable & {
  readonly transport: AudioTransport;
  /** Lets time pass: the far side plays 20 ms frames meanwhile. */
  pass(ms: number): Promise<void>;
  /** The far side sends one frame of the caller, full of `sample`. */
  callerFrame(sample: number): void;
  /** The far side ends the leg. */
  endLeg(): void;
};

/** Opens a transport whose events go to `listener`. */
export type OpenAudioTransport = (listener: (event: AudioTransportEvent) => void) => Promise<AudioTransportUnderTest>;

async function open(openUnderTest: OpenAudioTransport) {
  const events: AudioTransportEvent[] = [];
  const far = await openUnderTest((event) => events.push(event));
  const of = <K extends AudioTransportEvent['kind']>(kind: K) =>
    events.filter((event): event is Extract<AudioTransportEvent, { kind: K }> => event.kind === kind);
  /** Time passes until an event of that kind came; three seconds are long enough on any machine. */
  const until = async (kind: AudioTransportEvent['kind'], count = 1): Promise<void> => {
    for (let gone = 0; of(kind).length < count && gone < 3_000; gone += 20) await far.pass(20);
  };
  return { far, transport: far.transport, events, of, until, [Symbol.asyncDispose]: () => far[Symbol.asyncDispose]() };
}

/** Runs the contract against the transport that `openUnderTest` opens. */
export function describeAudioTransport(name: string, openUnderTest: OpenAudioTransport): void {
  it(`${name}: gives whole frames of the caller, in order, and ours to keep`, async () => {
    await using leg = await open(openUnderTest);
    for (const sample of [1, 2, 3]) leg.far.callerFrame(sample);
    await leg.until('frame', 3);
    const loud = leg.of('frame').filter((event) => event.pcm[0] !== 0);
    expect(loud.map((event) => event.pcm[0])).toEqual([1, 2, 3]);
    for (const event of loud) expect(event.pcm).toHaveLength(FRAME_SAMPLES);
    const times = loud.map((event) => event.atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it(`${name}: refuses what is not whole frames, or too many of them`, async () => {
    await using leg = await open(openUnderTest);
    expect(() => leg.transport.send(new Int16Array(FRAME_SAMPLES + 1))).toThrow(RangeError);
    expect(() => leg.transport.send(new Int16Array(FRAME_SAMPLES * 20))).toThrow(RangeError);
  });

  it(`${name}: a mark is heard once what is before it was played, in order`, async () => {
    await using leg = await open(openUnderTest);
    leg.transport.send(silentFrames(5));
    leg.transport.mark('first');
    leg.transport.send(silentFrames(5));
    leg.transport.mark('second');
    expect(leg.of('mark_heard')).toEqual([]);
    await leg.until('mark_heard', 2);
    expect(leg.of('mark_heard').map((event) => event.markId)).toEqual(['first', 'second']);
  });

  it(`${name}: a flush discards waiting sound and its marks`, async () => {
    await using leg = await open(openUnderTest);
    for (let piece = 0; piece < 4; piece++) leg.transport.send(silentFrames(10));
    leg.transport.mark('discarded');
    leg.transport.flush();
    leg.transport.send(silentFrames(2));
    leg.transport.mark('kept');
    await leg.until('mark_heard');
    expect(leg.of('mark_heard').map((event) => event.markId)).toEqual(['kept']);
  });

  it(`${name}: tells how many frames wait`, async () => {
    await using leg = await open(openUnderTest);
    for (let piece = 0; piece < 4; piece++) leg.transport.send(silentFrames(10));
    leg.transport.pollQueue();
    await leg.until('queue_length');
    const frames = leg.of('queue_length')[0]?.frames;
    expect(frames).toBeGreaterThan(0);
    expect(frames).toBeLessThanOrEqual(40);
  });

  it(`${name}: its end is told once and last, and after it every method does nothing`, async () => {
    for (const end of ['far', 'us'] as const) {
      await using leg = await open(openUnderTest);
      if (end === 'far') leg.far.endLeg();
      else await leg.transport[Symbol.asyncDispose]();
      await leg.until('closed');
      leg.transport.send(silentFrames(1));
      leg.transport.mark('late');
      leg.transport.flush();
      leg.transport.pollQueue();
      await leg.transport[Symbol.asyncDispose]();
      await leg.far.pass(100);
      expect(leg.events.at(-1)).toMatchObject({ kind: 'closed', reason: end === 'far' ? 'hung_up' : 'closed_by_us' });
      expect(leg.of('closed')).toHaveLength(1);
    }
  });
}
