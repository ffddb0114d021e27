// Two ends of one file: what the provisioner renders is what the control plane and the inference server read.
import { loadConfig } from '@centralita/control-plane/config.ts';
import { describe, expect, it } from 'vitest';
import { describeAppliance } from './appliance.ts';
import { parseEnvFile } from './env-file.ts';
import { finishedFacts } from './sample-facts.ts';

describe('the rendered environment', () => {
  const facts = finishedFacts();
  const values = Object.fromEntries(parseEnvFile(describeAppliance(facts)?.environmentText ?? ''));

  it('is a configuration that the control plane accepts, with the values that were meant', () => {
    const config = loadConfig(values);
    expect(config.databaseUrl).toBe('postgres://centralita_app:app-password@127.0.0.1:5433/centralita');
    expect(config.asterisk).toEqual({
      url: 'http://127.0.0.1:8088',
      username: 'centralita',
      password: 'ari-password',
      application: 'centralita',
      recordingsFolder: '/srv/home/instances/appliance/recordings',
    });
    expect(config.inference.speechToTextUrl).toBe('127.0.0.1:8001');
    expect(config.maxConcurrentCalls).toBe(50);
    expect(config.drainMs).toBe(60_000);
  });

  it('carries the espeak-ng command as one list of words', () => {
    const words: unknown = JSON.parse(values['ESPEAK_COMMAND'] ?? '');
    expect(words).toEqual(expect.arrayContaining(['/srv/home/root/usr/bin/espeak-ng', '--library-path']));
  });

  it('tells the control plane neither the migrator nor the admin key', () => {
    const text = JSON.stringify(values);
    expect(text).not.toContain('migrator');
    expect(values).not.toHaveProperty('ADMIN_KEY');
    expect(values['ADMIN_KEY_HASH']).toBe('ab'.repeat(32));
  });

  it('keeps what the operator set and added', () => {
    const changed = finishedFacts();
    const environmentText = `${changed.environmentText.replace('LOG_LEVEL=info', 'LOG_LEVEL=debug')}LANGUAGE_MODEL_URL=10.0.0.5:8001\n`;
    const settings = { ...changed.settings, LOG_LEVEL: 'debug' as const };
    expect(describeAppliance({ ...changed, settings, environmentText })?.environmentText).toBe(environmentText);
  });
});
