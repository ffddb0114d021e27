import { describe, expect, it } from 'vitest';
import { storable } from './storable.ts';

describe('what is stored', () => {
  it('loses the characters that no database takes, however deep, and nothing else', () => {
    expect(storable({ text: 'a\u0000b', list: ['\ud83d', '😀 \\u0000'], count: 1, none: null })).toEqual({
      text: 'ab',
      list: ['\ufffd', '😀 \\u0000'],
      count: 1,
      none: null,
    });
  });

  it('is the very same value when nothing is wrong with it', () => {
    const value = { text: 'Buenos días', list: ['😀'] };
    expect(storable(value)).toBe(value);
  });
});
