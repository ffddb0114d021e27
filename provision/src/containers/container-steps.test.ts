// What a run in containers says before it makes secrets anew.
import { describe, expect, it } from 'vitest';
import { bareFacts, finishedFacts } from '#sample-facts.ts';
import { SECRET_KEYS_FILE } from '#secrets.ts';
import type { ContainerFacts } from './container-facts.ts';
import { containerSteps } from './container-steps.ts';

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
