import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { orAborted, pause, within } from './waiting.ts';

const never = new Promise<never>(() => {});

describe('pause', () => {
  it('ends with the time, and at once when it is or was aborted', async () => {
    await pause(1, new AbortController().signal);
    await pause(600_000, AbortSignal.abort());
    const stopping = new AbortController();
    const paused = pause(600_000, stopping.signal);
    stopping.abort();
    await paused;
    expect(getEventListeners(stopping.signal, 'abort')).toEqual([]);
  });
});

describe('within', () => {
  it('has the value in time, or says that it is late', async () => {
    expect(await within(Promise.resolve(7), 60_000)).toEqual({ value: 7 });
    expect(await within(never, 1)).toBe('late');
    expect(await within(never, -1)).toBe('late');
  });

  it('throws what the value throws', async () => {
    await expect(within(Promise.reject(new Error('broken')), 60_000)).rejects.toThrow('broken');
  });
});

describe('orAborted', () => {
  it('settles as the work does, and leaves no listener on a signal that outlives it', async () => {
    const { signal } = new AbortController();
    expect(await orAborted(Promise.resolve(7), signal)).toBe(7);
    await expect(orAborted(Promise.reject(new Error('broken')), signal)).rejects.toThrow('broken');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('throws the reason of a signal that aborts, or has aborted, before work that goes on', async () => {
    const stopping = new AbortController();
    const waiting = orAborted(never, stopping.signal);
    stopping.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow('stopped');
    await expect(orAborted(never, stopping.signal)).rejects.toThrow('stopped');
    expect(getEventListeners(stopping.signal, 'abort')).toEqual([]);
  });
});
