// A bar on a terminal, lines in a log.
import { describe, expect, it } from 'vitest';
import { openProgressBar, renderProgress } from './progress-bar.ts';

function record(isTerminal: boolean): { texts: string[]; run: (times: number) => void } {
  const texts: string[] = [];
  let now = 0;
  const bar = openProgressBar({ isTerminal, write: (text) => texts.push(text), nowMs: () => now });
  return {
    texts,
    run(times) {
      for (let index = 0; index <= times; index++) {
        bar.show('model.onnx', index * 1e6, times * 1e6);
        now += 1_000;
      }
      bar.end();
    },
  };
}

describe('the progress', () => {
  it('moves in one line on a terminal and leaves it clean', () => {
    const { texts, run } = record(true);
    run(10);
    expect(texts).toHaveLength(12);
    expect(texts[5]).toContain('50 %  5.0 of 10 MB  1.0 MB/s  5 s');
    expect(texts.at(-1)).toBe('\r\u001B[K');
  });

  it('is a line now and then in a log, without control characters', () => {
    const { texts, run } = record(false);
    run(60);
    expect(texts.length).toBeLessThanOrEqual(5);
    for (const control of ['\r', '\u001B']) expect(texts.join('')).not.toContain(control);
  });

  it('says the bytes alone where the size is not known', () => {
    expect(renderProgress('x', { present: 2_500_000, total: null, bytesPerSecond: 0 })).toBe('x  2.5 MB');
  });
});
