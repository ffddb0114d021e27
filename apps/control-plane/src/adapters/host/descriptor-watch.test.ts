// The watch over open files: calls are refused before the process runs out of them.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Log } from '#shared/log.ts';
import { silentLog } from '#shared/log.ts';
import { watchDescriptors } from './descriptor-watch.ts';

describe('the watch over open files', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function watched() {
    const lines: string[] = [];
    const say = (_: object, text: string) => void lines.push(text);
    const log: Log = { ...silentLog, error: say, info: say };
    const now = { open: 40 as number | 'EMFILE' };
    const open = async () => {
      if (now.open === 'EMFILE') throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
      return now.open;
    };
    const watch = watchDescriptors({ log, source: { open, limit: async () => 1_000 } });
    return { lines, now, watch };
  }

  it('knows since when fewer than a hundred are left, and says both once', async () => {
    const { lines, now, watch } = watched();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await watch.check()).toBeNull();
    expect(watch.lowSinceMs()).toBeNull();
    now.open = 950;
    await vi.advanceTimersByTimeAsync(6_000);
    expect(performance.now() - (watch.lowSinceMs() ?? 0)).toBeCloseTo(4_000);
    expect(await watch.check()).toContain('950 of 1000 are in use');
    now.open = 40;
    await vi.advanceTimersByTimeAsync(4_000);
    expect([await watch.check(), watch.lowSinceMs()]).toEqual([null, null]);
    expect(lines).toEqual(['too few file descriptors are left: new calls are refused', 'there are enough file descriptors again']);
    watch[Symbol.dispose]();
  });

  it('knows that none is left by its own look', async () => {
    const { now, watch } = watched();
    now.open = 'EMFILE';
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await watch.check()).toContain('none is left (EMFILE)');
    watch[Symbol.dispose]();
  });

  it('reads its own process', async () => {
    const watch = watchDescriptors({ log: silentLog });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await watch.check()).toBeNull();
    watch[Symbol.dispose]();
  });
});
