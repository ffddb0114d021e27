import { parseMediaMessage } from '@centralita/control-plane/adapters/asterisk/media-message.ts';
import { createChoices, seededRandom } from '@centralita/control-plane/test/seeded-random.ts';
import { expect, it } from 'vitest';
import { brokenFrame } from './broken-frames.ts';
import { brokenPacket } from './broken-rtp.ts';
import { OPCODES, takeFrame } from './web-socket-frame.ts';

const real = JSON.stringify({
  type: 'StasisStart',
  timestamp: 'now',
  args: ['inbound', '4001'],
  channel: { id: '1', caller: { number: '2' } },
});
const choicesOf = (seed: number) => createChoices(seededRandom(seed));
const framesOf = (seed: number, socket: 'events' | 'media') => {
  const material = { choices: choicesOf(seed), recentTexts: [real] };
  return Array.from({ length: 300 }, () => brokenFrame(socket, false, material));
};

it('the same seed gives the same frames, another one others', () => {
  expect(framesOf(7, 'events')).toEqual(framesOf(7, 'events'));
  expect(framesOf(8, 'events')).not.toEqual(framesOf(7, 'events'));
});

it('frames that end no socket are sound by the protocol', () => {
  for (const { bytes } of [...framesOf(7, 'events'), ...framesOf(7, 'media')]) expect(takeFrame(bytes)?.bytes.length).toBe(bytes.length);
});

it('nothing of what is broken would be heard, or be obeyed but for a mark that nobody set', () => {
  const frames = framesOf(7, 'media').map(({ bytes }) => takeFrame(bytes));
  const sound = frames.filter((frame) => frame?.opcode === OPCODES.binary).map((frame) => frame?.payload.length ?? 0);
  expect(sound.filter((length) => length > 0 && length % 640 === 0)).toEqual([]);
  const texts = frames.filter((frame) => frame?.opcode === OPCODES.text).map((frame) => parseMediaMessage(frame?.payload.toString() ?? ''));
  expect(new Set(texts.map((message) => message?.event ?? 'none'))).toEqual(new Set(['none', 'MEDIA_MARK_PROCESSED']));
});

it('no broken event is the real one', () => {
  for (const { bytes } of framesOf(7, 'events')) expect(takeFrame(bytes)?.payload.toString()).not.toBe(real);
});

it('packets for odd ports are RTCP, for even ones RTP', () => {
  const choices = choicesOf(7);
  expect(Array.from({ length: 50 }, () => brokenPacket(4_001, choices).kind).every((kind) => kind.includes('RTCP'))).toBe(true);
  expect(Array.from({ length: 50 }, () => brokenPacket(4_000, choices).kind).some((kind) => kind.includes('RTCP'))).toBe(false);
});
