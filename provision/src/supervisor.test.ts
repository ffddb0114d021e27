// What the supervisor is told: every service, in the foreground, with an orderly end.
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { describeAppliance } from './appliance.ts';
import { finishedFacts } from './sample-facts.ts';
import { renderStartScript, renderSupervisor } from './supervisor.ts';

describe('the supervisor', () => {
  const services = describeAppliance(finishedFacts())?.services ?? [];

  it('keeps every service, and stops PostgreSQL without waiting for its clients', () => {
    const text = renderSupervisor('/srv/home', services);
    expect([...text.matchAll(/^\[program:(.+)\]$/gm)].map((match) => match[1])).toEqual([
      'postgres',
      'asterisk',
      'cpu-server',
      'control-plane',
      'postgres-exporter',
      'node-exporter',
      'prometheus',
      'backup',
    ]);
    const postgres = text.slice(text.indexOf('[program:postgres]'), text.indexOf('[program:asterisk]'));
    expect(postgres).toContain('stopsignal = INT');
  });

  it('gives the control plane longer to stop than its calls may take to drain', () => {
    const plane = services.find(({ name }) => name === 'control-plane');
    expect(plane?.stop.seconds).toBeGreaterThan(finishedFacts().settings.DRAIN_SECONDS);
  });

  it('starts exactly the words of the command, whatever is in them', () => {
    const argv = ['printf', '%s|', "it's", '$HOME', 'two words', '`x`', 'a\nb'];
    const script = renderStartScript({ name: 'postgres', argv, stop: { signal: 'TERM', seconds: 1 }, digest: '' });
    expect(execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' })).toBe("it's|$HOME|two words|`x`|a\nb|");
  });

  it('puts no secret where every user of the machine can read it', () => {
    const words = services.flatMap(({ argv }) => argv).join(' ');
    expect(words).not.toContain('password');
  });
});
