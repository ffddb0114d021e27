import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HistoryTurn } from './dialog.ts';
import { appendTurn, HISTORY_TURNS_MAX, windowOf } from './history.ts';

const turn = (text: string): HistoryTurn => ({ role: 'caller', text });

describe('appendTurn', () => {
  it('adds nothing for a turn without words and leaves the old list as it was', () => {
    const before = [turn('hola')];
    expect(appendTurn(before, turn('  '))).toBe(before);
    expect(appendTurn(before, turn(' adiós '))).toEqual([turn('hola'), turn('adiós')]);
    expect(before).toHaveLength(1);
  });

  it('drops the oldest turn at the limit', () => {
    const full = Array.from({ length: HISTORY_TURNS_MAX }, (_, index) => turn(`${index}`));
    const after = appendTurn(full, turn('last'));
    expect(after).toHaveLength(HISTORY_TURNS_MAX);
    expect(after[0]).toEqual(turn('1'));
  });
});

const characters = (text: string) => text.length;

describe('windowOf', () => {
  it('keeps the latest whole turns that fit', () => {
    expect(windowOf([turn('aaaa'), turn('bb'), turn('cc')], 5, characters)).toEqual([turn('bb'), turn('cc')]);
  });

  it('keeps the end of a last turn that is too long', () => {
    expect(windowOf([turn('a'), turn('0123456789')], 4, characters)).toEqual([turn('6789')]);
  });

  it('never holds more characters than allowed', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1, maxLength: 30 })), fc.integer({ min: 0, max: 60 }), (texts, max) => {
        const kept = windowOf(texts.map(turn), max, characters);
        expect(kept.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThanOrEqual(max);
      }),
    );
  });
});
