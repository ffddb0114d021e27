// The end of a run: everything an operator needs next is on it, once, and `--json` has the same.
import { describe, expect, it } from 'vitest';
import type { Facts } from './facts.ts';
import { finishedFacts } from './sample-facts.ts';
import { describeInstallation, renderScreen } from './screen.ts';
import type { Installation, InstallationParts } from './screen.ts';

type Change = { adminKey?: string; hasLostKeys?: boolean; facts?: Facts } & Partial<
  Pick<InstallationParts, 'told'> & Pick<InstallationParts['look'], 'kept'>
>;

function installation(change: Change = {}): Installation {
  const sample = change.facts ?? finishedFacts();
  const answer = {
    organization: { name: 'Clínica Demo' },
    agents: [{ name: 'Recepción', language: 'es', number: '1001' }],
    phones: [{ extension: '2001', username: '2001-clinica-demo', displayName: 'Ana' }],
  };
  const facts = { ...sample, state: { ...sample.state, demo: { digest: 'd', answer } } };
  if (!facts.secrets) throw new Error('the sample has no secrets');
  const secrets = change.adminKey === undefined ? facts.secrets : { ...facts.secrets, adminKey: change.adminKey };
  const look = {
    machineLine: 'debian 12, x64, 2 cores',
    kept: change.kept ?? [],
    warnings: [{ name: 'clock', reason: 'the clock is 1.0 s ahead', fix: 'install chrony' }],
  };
  return describeInstallation({
    facts,
    secrets,
    look,
    hasLostKeys: change.hasLostKeys ?? false,
    changes: 2,
    elapsedMs: 12_345,
    ...(change.told ? { told: change.told } : {}),
  });
}

describe('the screen', () => {
  it('shows the admin key in the run that made it, and never again', () => {
    expect(renderScreen(installation({ adminKey: 'cca_the-key' }))).toContain('cca_the-key  (header X-Admin-Key; shown this once)');
    const later = installation();
    expect(later.adminKey).toBeNull();
    expect(renderScreen(later)).toContain('new-admin-key makes another');
  });

  it('says the profile and why, how many calls and which term binds, and that nothing was measured', () => {
    const told = installation();
    const { plan } = finishedFacts().sizing;
    const screen = renderScreen(told);
    expect(screen).toContain(`${plan.profile}: ${plan.why}`);
    expect(screen).toContain(`bound by ${plan.binding}; not measured: run centralita calibrate`);
    for (const { arithmetic } of plan.terms) expect(screen).toContain(arithmetic);
    expect(told.capacity.measured).toBeNull();
  });

  it('names the engines that the inference server is told, not those of a machine without models', () => {
    const sample = finishedFacts();
    const enginesText = JSON.stringify({ text_to_speech: { engine: 'sherpa-onnx', folder: 'piper-es' } });
    const facts = {
      ...sample,
      enginesText,
      environmentText: `${sample.environmentText}CPU_SERVER_ENGINES_FILE=/srv/home/models/engines.json\n`,
    };
    expect(renderScreen(installation({ facts }))).toMatch(/Voice +sherpa-onnx, piper-es\n/);
    expect(renderScreen(installation())).toMatch(/Voice +espeak-ng\n/);
  });

  it('says what comes next and how to go back', () => {
    const screen = renderScreen(installation());
    for (const word of ['trunk add', 'backups', '--rollback', '--uninstall', '2001-clinica-demo', 'Dial 1001', '2 changes, 12.3 s'])
      expect(screen).toContain(word);
  });

  it('warns with the fix, and of lost keys first', () => {
    const screen = renderScreen(installation({ hasLostKeys: true }));
    expect(screen).toContain('WARNING        the clock is 1.0 s ahead: install chrony');
    expect(screen.indexOf('secret keys were lost')).toBeLessThan(screen.indexOf('clock is 1.0 s'));
  });

  it('names the servers that the operator wrote into .env, in the place of this machine’s own', () => {
    const kept = [{ setting: 'SPEECH_TO_TEXT_URL' as const, value: '10.0.0.5:8001', own: '127.0.0.1:8001' }];
    const screen = renderScreen(installation({ kept }));
    expect(screen).toMatch(/Recognition +at 10\.0\.0\.5:8001\n/);
    expect(screen).toMatch(/Yours +SPEECH_TO_TEXT_URL=10\.0\.0\.5:8001 stays as \.env says/);
  });

  it('has the same rows for containers, with what is theirs', () => {
    const told = {
      runtime: 'docker' as const,
      files: 'settings in /srv/home/.env; volumes',
      grafana: 'left out',
      addresses: { api: 'http://127.0.0.1:8080', sip: '192.0.2.7:5060', transport: 'UDP' as const },
    };
    const screen = renderScreen(installation({ told }));
    expect(screen).toContain('Centralita runs in containers (2 changes, 12.3 s).');
    expect(screen).toMatch(/Grafana +left out\n/);
    expect(screen).toContain('server 192.0.2.7, port 5060 UDP');
    for (const row of ['Hardware', 'Profile', 'Calls at once', 'Next: trunk', 'Backups', 'Go back', 'Uninstall'])
      expect(screen).toContain(`\n  ${row} `);
  });

  it('has every field of it as JSON', () => {
    const told = installation();
    expect(JSON.parse(JSON.stringify(told))).toEqual(told);
  });
});
