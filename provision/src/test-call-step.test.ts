// A call that was not heard is placed once more, in every runtime, and no third time.
import { expect, it, vi } from 'vitest';
import { hearOrOnceMore } from './test-call-step.ts';

const { signal } = new AbortController();
const notHeard = new Error('exit code 1\nError: On answering the agent should say "Buenos días"; heard nothing');

it('the second call counts where the first one was not heard, and why is told', async () => {
  const call = vi.fn<() => Promise<string[]>>().mockRejectedValueOnce(notHeard).mockResolvedValueOnce(['Buenos días']);
  const log = vi.fn<(message: string) => void>();
  expect(await hearOrOnceMore(call, { log, signal })).toEqual(['Buenos días']);
  expect(log.mock.calls.join()).toContain('should say "Buenos días"; heard nothing; once more');
}, 20_000);

it('a call that is not heard twice fails, and one that was stopped is not placed again', async () => {
  const call = vi.fn<() => Promise<string[]>>().mockRejectedValue(notHeard);
  await expect(hearOrOnceMore(call, { log: () => undefined, signal })).rejects.toThrow('should say');
  expect(call).toHaveBeenCalledTimes(2);
  await expect(hearOrOnceMore(call, { log: () => undefined, signal: AbortSignal.abort() })).rejects.toThrow('aborted');
  expect(call).toHaveBeenCalledTimes(3);
}, 20_000);
