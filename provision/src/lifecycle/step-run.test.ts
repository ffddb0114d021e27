// A step of either runtime: what the journal says of one that did its work, one that did not, and one that broke.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findInterrupted, readJournal } from './journal.ts';
import { nameRun, takeStep } from './step-run.ts';

let home = '';
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'centralita-step-'));
});
afterEach(async () => await rm(home, { recursive: true }));

const about = () => ({ run: nameRun(), step: 'secrets', changes: ['make the secrets'] });
const work = { apply: async () => undefined, look: async () => 'seen', listLeft: () => [] };
const told = async () => (await readJournal(home)).map(({ state, error }) => (error === undefined ? state : `${state}: ${error}`));

describe('a step', () => {
  it('is in the journal while it works, and done when nothing of it is left', async () => {
    const apply = async () => expect(findInterrupted(await readJournal(home))?.step).toBe('secrets');
    const created = [{ kind: 'user' as const, name: 'centralita' }];
    expect(await takeStep(home, { ...about(), created }, { ...work, apply })).toBe('seen');
    expect(await told()).toEqual(['started', 'done']);
    expect((await readJournal(home)).map((entry) => entry.created)).toEqual([created, undefined]);
  });

  it('that ran and changed nothing has failed, with what is left', async () => {
    await expect(takeStep(home, about(), { ...work, listLeft: (seen) => [`${seen} file`] })).rejects.toThrow('step "secrets" failed');
    expect(await told()).toEqual(['started', 'failed: it ran, but this is still to do: seen file']);
  });

  it('that broke has failed for the reason that it gave', async () => {
    const cause = new Error('no space left');
    await expect(takeStep(home, about(), { ...work, apply: async () => await Promise.reject(cause) })).rejects.toMatchObject({ cause });
    expect(await told()).toEqual(['started', 'failed: no space left']);
  });
});
