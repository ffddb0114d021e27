import { expect, it } from 'vitest';
import { KeyPad } from './key-pad.ts';
import { INTER_KEY_MS } from './limits.ts';

const closed = (): boolean => false;
const open = (): boolean => true;

it('a key after which no longer code can follow answers at once, and once', () => {
  const pad = new KeyPad();
  pad.press('1', 100, closed);
  expect(pad.due(100)).toEqual({ digits: '1', startedAtMs: 100, endedAtMs: 100 });
  expect(pad.due(101)).toBeNull();
});

it('a key that begins a longer code waits for the next one, and answers alone when none comes', () => {
  const pad = new KeyPad();
  pad.press('1', 100, open);
  expect(pad.due(100 + INTER_KEY_MS - 1)).toBeNull();
  pad.press('2', 900, closed);
  expect(pad.due(900)).toEqual({ digits: '12', startedAtMs: 100, endedAtMs: 900 });
  pad.press('1', 2_000, open);
  expect(pad.due(2_000 + INTER_KEY_MS)).toMatchObject({ digits: '1' });
});

it('keys that arrive together are one answer; forgotten keys are none', () => {
  const pad = new KeyPad();
  pad.press('1', 100, closed);
  pad.press('2', 100, closed);
  expect(pad.due(110)).toMatchObject({ digits: '12' });
  pad.press('1', 200, open);
  pad.forget();
  expect(pad.due(10_000)).toBeNull();
});
