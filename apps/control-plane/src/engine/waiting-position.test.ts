// What callers who are held hear of their place in the line, besides music.
import { describe, expect, it } from 'vitest';
import { durationMs } from '#audio/frame.ts';
import type { CallRoute, OverloadWish } from '#ports/call-routing.ts';
import { sampleOf } from '#ports/testing/scripted-text-to-speech.ts';
import type { ScriptedCallLeg } from '#ports/testing/scripted-call-leg.ts';
import type { Log } from '#shared/log.ts';
import { MAX_TOLD_AT_ONCE } from './limits.ts';
import { positionWords } from './position-words.ts';
import { clinicAgent } from './testing/clinic-agent.ts';
import { openEngineRig, routeTo } from './testing/engine-rig.ts';
import type { EngineRig } from './testing/engine-rig.ts';

const queue: OverloadWish = { choice: 'queue', destination: null, maxWaitMs: 300_000, tellPositionEveryMs: 30_000 };
const line = (overload: OverloadWish = queue, agent: Partial<CallRoute['agent']> = {}): CallRoute => ({
  ...routeTo({ ...clinicAgent(), ...agent }),
  overload,
});
/** A box with one place. */
const full = (routes: Record<string, CallRoute> = { 100: line() }): EngineRig =>
  openEngineRig({ routes, limits: { maxConcurrentCalls: 1 } });
/** A box that lets nobody in, so that no call ends by itself and moves the line. */
const shut = (routes: Record<string, CallRoute> = { 100: line() }, parts: { log?: Log } = {}): EngineRig =>
  openEngineRig({ routes, admission: () => ({ maxCalls: 5, isOpen: false }), ...parts });

const BUSY = 'All our lines are busy.';
const THANKS = 'Thank you for waiting.';
const place = (position: number): string => `You are number ${position} in line.`;
const texts = [BUSY, THANKS, ...Array.from({ length: 9 }, (_, index) => place(index + 1))];

/** What was played in place of the music, as its samples tell. */
function heardBy(leg: ScriptedCallLeg, voice = clinicAgent().voice): string[] {
  const textOf = new Map(texts.map((text) => [sampleOf({ text, voice }), text]));
  return leg.playedOnHold.map(({ pcm }) => [...new Set(pcm)].map((sample) => textOf.get(sample) ?? '?').join(' '));
}
const toldIn = (rig: EngineRig) =>
  rig.journal.events.flatMap((event) => (event.kind === 'note' && event.name === 'position_told' ? [event] : []));

describe('a caller who is held', () => {
  it('is told his place when he joins the line, and what it is by then when half a minute has passed', async () => {
    await using rig = shut();
    const [first, second] = [rig.ring(), rig.ring()];
    await rig.clock.run(12_000);
    expect([first, second].map((leg) => heardBy(leg))).toEqual([[`${BUSY} ${place(1)}`], [`${BUSY} ${place(2)}`]]);
    first.callerHangsUp();
    await rig.clock.run(17_000);
    expect(heardBy(second)).toHaveLength(1);
    await rig.clock.run(3_000);
    expect(heardBy(second)).toEqual([`${BUSY} ${place(2)}`, `${THANKS} ${place(1)}`]);
    const [before, after] = second.playedOnHold;
    expect(after!.atMs - before!.atMs).toBeGreaterThanOrEqual(30_000);
  });

  it('is told his place every half minute, also while it does not change, and hears music in between', async () => {
    await using rig = shut();
    const caller = rig.ring();
    await rig.clock.run(95_000);
    expect(heardBy(caller)).toEqual([`${BUSY} ${place(1)}`, ...Array.from({ length: 3 }, () => `${THANKS} ${place(1)}`)]);
    const gaps = caller.playedOnHold.slice(1).map(({ atMs }, index) => atMs - caller.playedOnHold[index]!.atMs);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(30_000);
  });

  it('moves up when somebody ahead of him hangs up, and is told the latest place alone', async () => {
    await using rig = shut();
    const [first, second, third] = [rig.ring(), rig.ring(), rig.ring()];
    await rig.clock.run(5_000);
    first.callerHangsUp();
    await rig.clock.run(5_000);
    second.callerHangsUp();
    await rig.clock.run(30_000);
    expect(heardBy(third)).toEqual([`${BUSY} ${place(3)}`, `${THANKS} ${place(1)}`]);
  });

  it('learns nothing of the callers of other organizations', async () => {
    await using rig = shut({ 100: line(), 101: line() });
    const legs = [rig.ring(), rig.ring(), rig.ring({ dialledNumber: '101' }), rig.ring()];
    await rig.clock.run(12_000);
    expect(legs.map((leg) => heardBy(leg)[0])).toEqual([1, 2, 1, 3].map((position) => `${BUSY} ${place(position)}`));
  });

  it('hears music alone where his organization wants that', async () => {
    await using rig = shut({ 100: line({ ...queue, tellPositionEveryMs: null }) });
    const caller = rig.ring();
    await rig.clock.run(60_000);
    expect([caller.progress(), caller.playedOnHold]).toEqual(['held', []]);
  });

  it('is answered at once in the middle of the words, and no word is begun afterwards', async () => {
    await using rig = full();
    const first = rig.ring();
    await rig.clock.run(100);
    const second = rig.ring();
    await rig.clock.run(500);
    first.callerHangsUp();
    await rig.clock.run(300);
    expect([second.progress(), second.playedOnHold.length]).toEqual(['answered', 1]);
    expect(toldIn(rig)).toMatchObject([{ fields: { position: 1, heard: false } }]);
  });
});

describe('a line that moves', () => {
  it('is told a few at a time, the others in their turn, and each his latest place', async () => {
    await using rig = shut();
    const legs = Array.from({ length: 3 * MAX_TOLD_AT_ONCE }, () => rig.ring());
    await rig.clock.run(1_000);
    legs[0]!.callerHangsUp();
    await rig.clock.run(15_000);
    const played = legs.map(({ playedOnHold }) => playedOnHold);
    expect(played.map(({ length }) => length)).toEqual(legs.map(() => 1));
    // What the first one was told was cut off by his hang-up.
    const spans = played
      .slice(1)
      .flat()
      .map(({ pcm, atMs }) => ({ atMs, endMs: atMs + durationMs(pcm) }));
    const atOnce = spans.map(({ atMs }) => spans.filter((other) => other.atMs <= atMs && atMs < other.endMs).length);
    expect(Math.max(...atOnce)).toBe(MAX_TOLD_AT_ONCE);
    expect(heardBy(legs[MAX_TOLD_AT_ONCE]!)).toEqual([`${BUSY} ${place(MAX_TOLD_AT_ONCE)}`]);
  });
});

describe('a long line of one organization', () => {
  it('delays the first words to a caller of another by those that are being said and no more', async () => {
    await using rig = shut({ 100: line(), 101: line() });
    for (let callers = 0; callers < 8 * MAX_TOLD_AT_ONCE; callers += 1) rig.ring();
    await rig.clock.run(1_000);
    const joinedAtMs = rig.clock.nowMs();
    const other = rig.ring({ dialledNumber: '101' });
    await rig.clock.run(20_000);
    expect(heardBy(other)).toEqual([`${BUSY} ${place(1)}`]);
    const [first] = other.playedOnHold;
    // One turn of those who are told at a time; in the order of the line it would be eight.
    expect(first!.atMs - joinedAtMs).toBeLessThan(durationMs(first!.pcm) + 2_000);
  });
});

describe('the words of a place', () => {
  it('are made anew when the line moves before they are ready', async () => {
    await using rig = shut();
    const first = rig.ring();
    await rig.clock.run(8_000);
    rig.textToSpeech.voice.firstAfterMs = 2_000;
    const second = rig.ring();
    await rig.clock.run(1_000);
    first.callerHangsUp();
    await rig.clock.run(20_000);
    expect(heardBy(second)).toEqual([`${BUSY} ${place(1)}`]);
  });

  it('are left out when the voice fails, with a line in the log, and are tried again half a minute later', async () => {
    const warnings: string[] = [];
    const log: Log = { debug() {}, info() {}, error() {}, warn: (_fields, message) => void warnings.push(message), child: () => log };
    await using rig = shut({ 100: line() }, { log });
    rig.textToSpeech.voice.failures = [{ isRetryable: false, afterChunks: 0 }];
    const caller = rig.ring();
    await rig.clock.run(20_000);
    expect([caller.progress(), caller.playedOnHold.length]).toEqual(['held', 0]);
    expect(warnings).toEqual(['a caller on hold could not be told his place, the music goes on']);
    await rig.clock.run(20_000);
    expect(heardBy(caller)).toEqual([`${BUSY} ${place(1)}`]);
  });

  it('are Spanish for a Spanish agent, in its voice, and English in English’s own voice for one of another language', () => {
    const agent = { language: 'es-MX', voice: 'es+f4', speed: 1.1 };
    expect(positionWords(2, { agent, isFirst: true })).toEqual({
      ...agent,
      text: 'Todas nuestras líneas están ocupadas. Es usted el número 2 de la espera.',
    });
    expect(positionWords(1, { agent, isFirst: false }).text).toBe('Gracias por esperar. Es usted el número 1 de la espera.');
    expect(positionWords(1, { agent: { ...agent, language: 'fr' }, isFirst: true })).toEqual({
      language: 'en',
      voice: '',
      speed: 1.1,
      text: `${BUSY} ${place(1)}`,
    });
    expect(positionWords(1, { agent: { ...agent, language: 'en-GB' }, isFirst: true })).toMatchObject({
      language: 'en-GB',
      voice: 'es+f4',
    });
  });
});

describe('the journal', () => {
  it('has what a caller was told, whether he was answered, gave up or was rung elsewhere', async () => {
    await using rig = full({ 100: line(), 101: line({ ...queue, maxWaitMs: 10_000, destination: '2009' }) });
    const first = rig.ring();
    await rig.clock.run(100);
    const [second, third] = [rig.ring(), rig.ring()];
    rig.ring({ dialledNumber: '101' });
    await rig.clock.run(15_000);
    third.callerHangsUp();
    first.callerHangsUp();
    await rig.clock.run(1_000);
    expect(second.progress()).toBe('answered');
    const callIds = rig.journal.events.flatMap(({ kind, callId }) => (kind === 'call_started' || kind === 'call_rejected' ? [callId] : []));
    const notes = toldIn(rig);
    expect(notes.map(({ fields }) => Number(fields['position'])).toSorted((one, other) => one - other)).toEqual([1, 1, 2]);
    expect(new Set(notes.map(({ callId }) => callId)).size).toBe(3);
    for (const { callId, fields } of notes) {
      expect(callIds).toContain(callId);
      expect(fields).toMatchObject({ heard: true });
      expect(Number(fields['waitedMs'])).toBeLessThan(500);
    }
  });
});
