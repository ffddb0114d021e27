// Words of an installation that cannot be meant together are refused before anything is looked at.
import { expect, it } from 'vitest';
import { UsageError } from '#place.ts';
import { runApply } from './apply-verb.ts';

const nowhere = { home: '/nonexistent/home', repository: '/nonexistent/checkout' };
const apply = async (...words: readonly string[]): Promise<number> => await runApply(nowhere, words, AbortSignal.timeout(10_000));

it.each([
  ['models beside one JSON object, whose progress would stand in it', ['--models', '--json'], '--models is not there with --json'],
  ['believing files where none are fetched', ['--pin'], '--pin goes with --models'],
  ['a profile that nobody knows', ['--profile', 'gpu'], '--profile gpu: there are auto and cpu'],
])('refuses %s', async (_, words, reason) => {
  await expect(apply(...words)).rejects.toThrow(reason);
  await expect(apply(...words)).rejects.toBeInstanceOf(UsageError);
});
