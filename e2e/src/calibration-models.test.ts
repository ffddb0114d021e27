// How many requests at once bring more, and what is made of one that does not come back in time.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { TritonError } from 'triton-client-grpc-generated';
import { runLevels } from './calibration-models.ts';

const late = () => new TritonError({ kind: 'deadline_exceeded', code: 'DEADLINE_EXCEEDED', model: 'language_model', message: 'late' });
const cancelled = () => new TritonError({ kind: 'cancelled', code: 'CANCELLED', model: 'language_model', message: 'cancelled' });
const later = async (): Promise<void> => await new Promise((done) => setTimeout(done, 400));

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** As if half a minute went by. */
async function pass<Result>(work: Promise<Result>): Promise<Result> {
  work.catch(() => undefined);
  await vi.advanceTimersByTimeAsync(30_000);
  return await work;
}

it.each([late, cancelled])(
  'a load that is not answered in time, as the client or the server tells it, brings no more than the one before, and ends the search',
  async (fault) => {
    let atWork = 0;
    let most = 0;
    const levels = runLevels(async () => {
      most = Math.max(most, ++atWork);
      const isTooMuch = atWork > 1;
      await later();
      atWork -= 1;
      if (isTooMuch) throw fault();
      return 1;
    });
    const found = await pass(levels);
    expect(most).toBe(2);
    expect(found.most).toBeGreaterThan(0);
    expect(found.alone.seconds.length).toBeGreaterThan(0);
  },
);

it('a request that is late alone, or that fails otherwise, is told', async () => {
  await expect(runLevels(async () => await Promise.reject(late()))).rejects.toMatchObject({ kind: 'deadline_exceeded' });
  let asked = 0;
  const failing = async (): Promise<number> => {
    await later();
    if (++asked > 8) throw new Error('gone');
    return 1;
  };
  await expect(pass(runLevels(failing))).rejects.toThrow('gone');
});
