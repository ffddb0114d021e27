import { expect, it, vi } from 'vitest';
import type { StandInLeg } from './asterisk-stand-in-leg.ts';
import { MAX_LINE_BYTES, openTerminalCaller } from './terminal-caller.ts';
import type { HeardEvent } from './terminal-caller.ts';

/** A line whose far end is itself: what is said is heard. */
function loopedLeg(): { leg: StandInLeg; frames: () => number } {
  const listeners: ((pcm: Int16Array) => void)[] = [];
  let frames = 0;
  const leg: StandInLeg = {
    channelId: 'looped',
    state: 'answered',
    hasMusic: false,
    answered: Promise.resolve(),
    ended: Promise.withResolvers<number>().promise,
    sendFrame(pcm) {
      frames += 1;
      for (const listener of listeners) listener(pcm);
    },
    onFrame: (listener) => void listeners.push(listener),
    sendDtmf: () => {},
    hangUp: () => {},
  };
  return { leg, frames: () => frames };
}

it('a caller hears what the line carries, then that it is quiet', async () => {
  const events: HeardEvent[] = [];
  using caller = openTerminalCaller(loopedLeg().leg, (event) => events.push(event));
  expect(caller.say('¡aló!')).toBe(true);
  expect(caller.isSpeaking()).toBe(true);
  await vi.waitFor(() => expect(events.at(-1)).toEqual({ kind: 'quiet' }), { timeout: 8_000 });
  expect(events.map((event) => (event.kind === 'heard' ? event.text : '|')).join('')).toBe('¡aló!|');
  expect(caller.isSpeaking()).toBe(false);
});

it('a caller who says nothing still sends frames, and none once disposed', async () => {
  const { leg, frames } = loopedLeg();
  const caller = openTerminalCaller(leg, () => {});
  await vi.waitFor(() => expect(frames()).toBeGreaterThan(5), { timeout: 8_000 });
  caller[Symbol.dispose]();
  const sent = frames();
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(frames()).toBe(sent);
});

it('a line too long for one utterance is refused', () => {
  using caller = openTerminalCaller(loopedLeg().leg, () => {});
  expect(caller.say('x'.repeat(MAX_LINE_BYTES))).toBe(true);
  expect(caller.say('x'.repeat(MAX_LINE_BYTES + 1))).toBe(false);
});
