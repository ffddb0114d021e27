// Each probe has its own time, and its own answer when that is over.
import { describe, expect, it } from 'vitest';
import { runProbe } from './probe.ts';
import type { ProbeReport } from './probe.ts';

const signal = new AbortController().signal;

describe('a probe', () => {
  it('that comes back gives what it saw', async () => {
    const reports: ProbeReport[] = [];
    const seen = await runProbe(
      { name: 'cpu', look: async () => 8, whenHung: () => 0 },
      { signal, report: (report) => reports.push(report) },
    );
    expect(seen).toBe(8);
    expect(reports).toMatchObject([{ name: 'cpu', isTimedOut: false }]);
  });

  it('that never comes back gives what was agreed for that, and the report names it', async () => {
    const reports: ProbeReport[] = [];
    const look = async (): Promise<string> => await new Promise(() => undefined);
    const seen = await runProbe(
      { name: 'disk', look, whenHung: (limitMs) => `late after ${limitMs}` },
      { signal, limitMs: 20, report: (report) => reports.push(report) },
    );
    expect(seen).toBe('late after 20');
    expect(reports).toMatchObject([{ name: 'disk', isTimedOut: true }]);
  });

  it('that ends what it waits for at its deadline still says what it knows', async () => {
    const look = async (deadline: AbortSignal): Promise<string> =>
      await new Promise((resolve) => deadline.addEventListener('abort', () => resolve('half')));
    expect(await runProbe({ name: 'clock', look, whenHung: () => 'nothing' }, { signal, limitMs: 20, report: () => undefined })).toBe(
      'half',
    );
  });

  it('is not begun when the whole detection was called off', async () => {
    const stopped = AbortSignal.abort(new Error('stopped'));
    const asked = runProbe({ name: 'cpu', look: async () => 1, whenHung: () => 0 }, { signal: stopped, report: () => undefined });
    await expect(asked).rejects.toThrow('stopped');
  });
});
