// What a run in containers says before it makes secrets anew, and how a home is known for one of containers.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bareFacts, finishedFacts } from '#sample-facts.ts';
import { SECRET_KEYS_FILE } from '#secrets.ts';
import type { ContainerFacts } from './container-facts.ts';
import { containerSteps, readRuntime } from './container-steps.ts';

type Seen = Pick<ContainerFacts, 'facts' | 'files' | 'containers'>;
const changes = (seen: Partial<Seen>): readonly string[] => {
  const step = containerSteps.find(({ name }) => name === 'secrets');
  return step?.changes({ facts: bareFacts(), files: new Map(), containers: { images: {} }, ...seen } as ContainerFacts) ?? [];
};
const up = { images: {}, up: 'digest' };

describe('the secrets of an installation in containers', () => {
  it('are made on a bare machine, without a warning', () => {
    expect(changes({})).toEqual(['make the secrets that are missing']);
  });

  it('are left alone when none is missing', () => {
    const { secrets } = finishedFacts();
    if (!secrets) throw new Error('the sample has no secrets');
    const facts = bareFacts({ secrets: { ...secrets, grafana: 'grafana-password' } });
    expect(changes({ facts, containers: up })).toEqual([]);
  });

  it('are made with a warning where a database is there and its keys are not', () => {
    expect(changes({ containers: up }).join()).toContain('WARNING: the secret keys were lost');
  });

  it('are made without it where the control plane’s own file still has the keys', () => {
    const files = new Map([['control-plane', [{ path: SECRET_KEYS_FILE, text: '{}' }]]]);
    expect(changes({ containers: up, files })).toEqual(['make the secrets that are missing']);
  });
});

it('a home is one of containers by what is rendered in it as well, whatever became of its state', async () => {
  const home = await mkdtemp(join(tmpdir(), 'centralita-runtime-'));
  try {
    expect(await readRuntime(home)).toBeNull();
    await writeFile(join(home, 'state.json'), '{"started":');
    expect(await readRuntime(home)).toBe('native');
    await mkdir(join(home, 'containers'));
    await writeFile(join(home, 'containers/.env'), '');
    expect(await readRuntime(home)).toBe('docker');
  } finally {
    await rm(home, { recursive: true });
  }
});
