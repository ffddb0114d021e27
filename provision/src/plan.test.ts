// What a run would change: everything once, nothing twice, and only what an operator touched.
import { describe, expect, it } from 'vitest';
import { renderBootUnit } from './boot-step.ts';
import { planSteps } from './plan.ts';
import { bareFacts, finishedFacts } from './sample-facts.ts';
import { makeSecrets, renderSecretFiles, withNewAdminKey, withSecretKeys } from './secrets.ts';
import type { Secrets } from './secrets.ts';
import { steps } from './steps.ts';

function sampleSecrets(): Secrets {
  const { secrets } = finishedFacts();
  if (!secrets) throw new Error('the sample has no secrets');
  return secrets;
}

const namesOf = (facts: Parameters<typeof planSteps>[0]): string[] => planSteps(facts, steps).map(({ step }) => step.name);

describe('the plan', () => {
  it('takes every step on a bare machine, in the order in which each finds what it builds on', () => {
    const bare = bareFacts();
    expect(namesOf({ ...bare, machine: { ...bare.machine, hasSystemd: true } })).toEqual(steps.map(({ name }) => name));
  });

  it('starts the appliance at boot only where systemd can, and once', () => {
    const { machine, ...rest } = finishedFacts();
    const facts = { ...rest, machine: { ...machine, hasSystemd: true } };
    expect(namesOf(facts)).toEqual(['start at boot']);
    expect(namesOf({ ...facts, bootUnitText: renderBootUnit(facts) })).toEqual([]);
  });

  it('changes nothing on a machine that is as it should be', () => {
    expect(planSteps(finishedFacts(), steps)).toEqual([]);
  });

  it('brings a new admin key to its file and restarts nothing', () => {
    const { secrets } = finishedFacts();
    const planned = planSteps(finishedFacts({ secrets: secrets && withNewAdminKey(secrets) }), steps);
    expect(planned.flatMap(({ changes }) => changes)).toEqual(['write admin-key.sha256 for the control plane']);
  });

  it('makes the secret keys that an earlier release had not, and keeps its other secrets', () => {
    const { secretKeys: _none, ...earlier } = sampleSecrets();
    const facts = finishedFacts({ secrets: earlier, secretFiles: [] });
    expect(namesOf(facts)).toContain('secrets');
    const completed = withSecretKeys(earlier, []);
    expect(completed).toMatchObject(earlier);
    expect(completed.secretKeys?.[1]).toMatch(/^[0-9a-f]{64}$/);
    expect(withSecretKeys(completed, [])).toBe(completed);
  });

  it('takes secret keys back from the control plane’s file rather than making new ones', () => {
    const { secretKeys, ...without } = sampleSecrets();
    expect(withSecretKeys(without, renderSecretFiles({ ...without, secretKeys })).secretKeys).toEqual(secretKeys);
    expect(() => withSecretKeys(without, [{ path: 'secret-keys.json', text: '{' }])).toThrow(/secret-keys\.json: damaged/);
  });

  it('warns of what is lost when the secret keys are gone from both places, and not where there never were any', () => {
    const { secretKeys, ...without } = sampleSecrets();
    const warnings = (change: Parameters<typeof finishedFacts>[0]) =>
      planSteps(finishedFacts(change), steps)
        .filter(({ step }) => step.name === 'secrets')
        .flatMap(({ changes }) => changes.filter((text) => text.startsWith('WARNING')));
    const [warning] = warnings({ secrets: without, secretFiles: [] });
    for (const lost of ['API token', 'trunks', 'audit entries', 'anchors']) expect(warning).toContain(lost);
    expect(warnings({ secrets: null, secretFiles: [] })).toEqual([warning]);
    expect(warnings({ secrets: null, secretFiles: [], environmentText: '' })).toEqual([warning]);
    expect(warnings({ secrets: without, secretFiles: renderSecretFiles({ ...without, secretKeys }) })).toEqual([]);
    expect(warnings({ secrets: without, secretFiles: [], environmentText: 'ADMIN_KEY_HASH=abc\n' })).toEqual([]);
    expect(planSteps(bareFacts(), steps).flatMap(({ changes }) => changes.filter((text) => text.includes('WARNING')))).toEqual([]);
  });

  it('takes the secret keys back also when everything else that was secret is gone', () => {
    const kept = renderSecretFiles(sampleSecrets());
    expect(withSecretKeys(makeSecrets(), kept).secretKeys).toEqual(sampleSecrets().secretKeys);
  });

  it('restarts the control plane alone when a version is added to the secret keys', () => {
    const secrets = sampleSecrets();
    const planned = planSteps(finishedFacts({ secrets: { ...secrets, secretKeys: { ...secrets.secretKeys, 2: 'ef'.repeat(32) } } }), steps);
    expect(planned.find(({ step }) => step.name === 'services')?.changes).toEqual([
      'restart control-plane: its configuration or code changed',
    ]);
  });

  it('makes an admin key of 256 bits in a form that can be recognised', () => {
    const { adminKey } = withNewAdminKey(sampleSecrets());
    expect(adminKey).toMatch(/^cca_[A-Za-z0-9_-]{43}$/);
  });

  it('puts the command into the path when the name is free, and leaves it alone when another installation has it', () => {
    const { command } = finishedFacts();
    const free = planSteps(finishedFacts({ command: { ...command, link: 'free' } }), steps);
    expect(free.flatMap(({ changes }) => changes)).toEqual(['link /usr/local/bin/centralita to it']);
    expect(namesOf(finishedFacts({ command: { ...command, link: 'taken' } }))).toEqual([]);
    expect(namesOf(finishedFacts({ command: { text: 'older', link: 'taken' } }))).toEqual(['command line']);
  });

  it('names the Debian packages that bring the missing programs, once each', () => {
    const packages = planSteps(bareFacts(), steps).find(({ step }) => step.name === 'packages');
    expect(packages?.changes).toEqual(['install debootstrap, supervisor']);
  });

  it('renders Asterisk again, restarts it, tells the command line and calls again when the SIP port is moved', () => {
    const done = finishedFacts();
    const moved = finishedFacts({ settings: { ...done.settings, SIP_PORT: 5070 } });
    expect(namesOf(moved)).toEqual(['Asterisk configuration', 'services', 'command line', 'test call']);
    const services = planSteps(moved, steps).find(({ step }) => step.name === 'services');
    expect(services?.changes).toEqual(['restart asterisk: its configuration or code changed']);
  });

  it('restarts the two Node processes alone when their code changed', () => {
    const done = finishedFacts();
    const changed = planSteps(finishedFacts({ digests: { ...done.digests, code: 'code-2' } }), steps);
    expect(changed.find(({ step }) => step.name === 'services')?.changes).toEqual([
      'restart cpu-server: its configuration or code changed',
      'restart control-plane: its configuration or code changed',
    ]);
  });

  it('starts a service that died, and nothing else', () => {
    const done = finishedFacts();
    const dead = planSteps(finishedFacts({ services: { ...done.services, asterisk: 'FATAL' } }), steps);
    expect(dead.map(({ changes }) => changes)).toEqual([['start asterisk']]);
  });

  it('migrates when the release brings migrations, and calls again', () => {
    const done = finishedFacts();
    expect(namesOf(finishedFacts({ digests: { ...done.digests, migrations: 'migrations-2' } }))).toEqual(['migrations', 'test call']);
  });
});

describe('the profile of a run', () => {
  const environmentStep = (change: Parameters<typeof finishedFacts>[0]) =>
    planSteps(finishedFacts(change), steps).find(({ step }) => step.name === 'environment')?.changes;

  it('is written to .env, also over another one, and once', () => {
    const { settings, environmentText } = finishedFacts();
    const wished = { settings: { ...settings, PROFILE: 'cpu' }, profile: 'cpu' } as const;
    expect(environmentStep(wished)).toEqual(['write PROFILE to .env']);
    expect(environmentStep({ ...wished, environmentText: environmentText.replace('PROFILE=auto', 'PROFILE=cpu') })).toBeUndefined();
  });
});
