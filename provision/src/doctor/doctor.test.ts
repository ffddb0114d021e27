// What the doctor says of what it was shown.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSettings } from '#settings.ts';
import { isAtLeast } from '#version.ts';
import { APPLIANCE_CHECKS } from './appliance-checks.ts';
import type { ApplianceSeen } from './appliance-seen.ts';
import { runChecks } from './check.ts';
import type { Checked } from './check.ts';
import { renderReport, summarize } from './doctor-report.ts';
import { MACHINE_CHECKS } from './machine-checks.ts';
import { listOutside, readCertificate, tryOutside } from './outside.ts';
import { readSecretFiles } from './secret-files.ts';

const now = new Date('2026-11-21T12:00:00Z');
const healthy: ApplianceSeen = {
  now,
  home: '/srv/home',
  readingFault: null,
  isInstalled: true,
  files: [{ path: '/srv/home/secrets.json', mode: 0o600, fault: null, widestMode: 0o600 }],
  services: [{ name: 'postgres', fault: null }],
  limits: [
    { name: 'open files of asterisk', kind: 'files', running: 4_096, planned: 4_096 },
    { name: 'connections of the database', kind: 'connections', running: 120, planned: 102 },
  ],
  testCall: { kind: 'passed', heard: ['Hola'], ms: 21_000 },
  changes: [],
  calibratedAt: '2026-11-10T03:00:00Z',
  lastBackupAt: '2026-11-21T03:00:00Z',
  restoreRehearsal: { at: '2026-11-15T03:00:00Z', ok: true },
  certificate: { kind: 'shown', host: 'centralita.example.com', validUntil: new Date('2027-01-21T00:00:00Z') },
};
const judge = (change: Partial<ApplianceSeen>): readonly Checked[] => runChecks(APPLIANCE_CHECKS, { ...healthy, ...change });
const worst = (change: Partial<ApplianceSeen>): string => JSON.stringify(judge(change).filter(({ finding }) => finding.level !== 'pass'));

describe('an installation', () => {
  it('that is as it should be passes every check', () => {
    expect(worst({})).toBe('[]');
  });

  it.each<[string, Partial<ApplianceSeen>, readonly string[]]>([
    [
      'secrets that others may read',
      { files: [{ path: '/srv/home/.env', mode: 0o644, fault: null, widestMode: 0o600 }] },
      ['fail', '/srv/home/.env has mode 0644', 'chmod 0600 /srv/home/.env'],
    ],
    [
      'a file that cannot be looked at',
      { files: [{ path: '/x', mode: null, fault: 'EACCES', widestMode: 0o600 }] },
      ['fail', '/x: EACCES', 'as root'],
    ],
    ['settings that are wrong', { readingFault: '/srv/home/.env: wrong settings: SIP_PORT' }, ['fail', 'SIP_PORT']],
    [
      'a service that is silent',
      { services: [{ name: 'asterisk', fault: 'STOPPED' }] },
      ['fail', 'asterisk: STOPPED', 'provision.sh logs asterisk'],
    ],
    ['nothing installed', { isInstalled: false, services: [] }, ['fail', 'nothing is installed', './provision.sh']],
    ['a call that was not heard', { testCall: { kind: 'failed', reason: 'heard nothing' } }, ['fail', 'heard nothing']],
    ['a call that was never placed', { testCall: { kind: 'not_asked', lastPassedAt: null } }, ['warn', 'never placed']],
    ['a backup that nobody tried', { restoreRehearsal: null }, ['warn', '--backup --rehearse']],
    ['a rehearsal that failed', { restoreRehearsal: { at: '2026-11-20T03:00:00Z', ok: false } }, ['fail', '2026-11-20']],
    ['a rehearsal of long ago', { restoreRehearsal: { at: '2026-07-01T03:00:00Z', ok: true } }, ['warn', '143 days']],
    ['no backup', { lastBackupAt: null }, ['warn', 'there is none']],
    ['a backup of days ago', { lastBackupAt: '2026-11-19T03:00:00Z' }, ['warn', '57 hours']],
    ['a setting that was changed', { changes: ['restart asterisk'] }, ['warn', 'restart asterisk', './provision.sh']],
    [
      'fewer open files than the calls ask for',
      { limits: [{ name: 'open files of asterisk', kind: 'files', running: 1_024, planned: 4_096 }] },
      ['warn', 'open files of asterisk: 1024, planned 4096', 'LimitNOFILE'],
    ],
    [
      'fewer connections than the calls ask for',
      { limits: [{ name: 'connections of the database', kind: 'connections', running: 100, planned: 175 }] },
      ['warn', 'connections of the database: 100, planned 175', './provision.sh'],
    ],
    ['a machine that was never measured', { calibratedAt: null }, ['warn', 'calibrate']],
    [
      'a certificate that ends soon',
      { certificate: { kind: 'shown', host: 'h', validUntil: new Date('2026-11-30T00:00:00Z') } },
      ['warn', '8 days'],
    ],
    [
      'a certificate that has ended',
      { certificate: { kind: 'shown', host: 'h', validUntil: new Date('2026-11-01T00:00:00Z') } },
      ['fail', 'expired'],
    ],
    ['a certificate that is not believed', { certificate: { kind: 'broken', host: 'h', reason: 'self-signed' } }, ['fail', 'self-signed']],
  ])('with %s is told so, with the fix', (_what, change, words) => {
    for (const word of words) expect(worst(change)).toContain(word);
  });
});

describe('the report', () => {
  const report = (change: Partial<ApplianceSeen>) =>
    summarize(judge(change), { at: now, probes: [{ name: 'nvidia-smi', ms: 5_012, isTimedOut: true }] });

  it('ends with 0, 10 or 20 by the worst finding', () => {
    expect(report({}).exitCode).toBe(0);
    expect(report({ restoreRehearsal: null }).exitCode).toBe(10);
    expect(report({ restoreRehearsal: null, readingFault: 'x' }).exitCode).toBe(20);
  });

  it('says the reason, the fix and which probe hung', () => {
    const text = renderReport(report({ restoreRehearsal: null }));
    expect(text).toContain('WARN  restore rehearsal');
    expect(text).toContain('fix: ./provision.sh --backup --rehearse');
    expect(text).toContain('"nvidia-smi" did not come back and was ended after 5.0 s');
  });

  it('has a name for every check that no other has', () => {
    const names = [...MACHINE_CHECKS, ...APPLIANCE_CHECKS].flatMap(({ checks }) => checks.map(({ name }) => name));
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('what is looked at', () => {
  it('compares versions by number', () => {
    expect(isAtLeast('27.5.1', '20.10')).toBe(true);
    expect(isAtLeast('2.9.9', '2.20')).toBe(false);
    expect(isAtLeast('525.147.05', '525.60')).toBe(true);
    expect(isAtLeast('', '1')).toBe(false);
  });

  it('is of the outside only what a setting names', () => {
    const settings = readSettings(
      new Map([
        ['LANGUAGE_MODEL_URL', '10.0.0.9:8001'],
        ['ADMIN_WEBHOOK_URL', 'https://hooks.example.com/x'],
        ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:4318'],
        ['PUBLIC_URL', 'https://centralita.example.com'],
      ]),
      '.env',
    );
    expect(listOutside(settings)).toEqual([
      { setting: 'LANGUAGE_MODEL_URL', host: '10.0.0.9', port: 8001 },
      { setting: 'ADMIN_WEBHOOK_URL', host: 'hooks.example.com', port: 443 },
    ]);
    expect(listOutside(readSettings(new Map(), '.env'))).toEqual([]);
  });

  it('is no certificate where none is shown', async () => {
    const signal = AbortSignal.timeout(10_000);
    expect((await readCertificate('', signal)).kind).toBe('none');
    expect((await readCertificate('http://centralita.example.com', signal)).kind).toBe('none');
    await using server = createServer((socket) => void socket.destroy());
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    expect((await readCertificate(`https://127.0.0.1:${port}`, signal)).kind).toBe('broken');
    expect(await tryOutside(readSettings(new Map(), '.env'), signal)).toEqual([]);
  });

  it('are the modes of the files that hold secrets', async () => {
    const home = await mkdtemp(join(tmpdir(), 'centralita-doctor-'));
    try {
      await writeFile(join(home, '.env'), '', { mode: 0o600 });
      await writeFile(join(home, 'state.json'), '', { mode: 0o644 });
      const files = await readSecretFiles(home);
      expect(files.find(({ path }) => path.endsWith('.env'))).toMatchObject({ mode: 0o600, fault: null });
      expect(files.find(({ path }) => path.endsWith('state.json'))).toMatchObject({ mode: 0o644, widestMode: 0o600 });
      expect(files.find(({ path }) => path.endsWith('secrets.json'))).toMatchObject({ mode: null, fault: null });
    } finally {
      await rm(home, { recursive: true });
    }
  });
});
