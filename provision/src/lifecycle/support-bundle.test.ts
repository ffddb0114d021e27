// The bundle that leaves the machine: secrets, numbers and addresses are planted everywhere that it reads, and none is found in it.
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '#command.ts';
import { finishedFacts } from '#sample-facts.ts';
import { journalPath } from './journal.ts';
import { gatherParts, listSecrets } from './support-bundle.ts';
import { writeBundle } from './support-verb.ts';

const NUMBERS = ['600123456', '+34 600 123 456', '+34911222333'];
const TOKEN = 'cck_live_Zx81QmVb77PlantedToken';
const E_MAIL = 'ana@clinica.example';
const SAID = 'me duele la rodilla izquierda';

describe('the support bundle', () => {
  let home = '';
  let text = '';
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'centralita-bundle-test-'));
    const sample = finishedFacts();
    const planted = [...listSecrets(sample.secrets), ...NUMBERS, TOKEN, E_MAIL];
    await mkdir(join(home, 'log'));
    const lines = [
      ...planted.map((what) => `something with ${what} in it`),
      JSON.stringify({ msg: 'turn', pii: { text: SAID }, text: SAID }),
    ];
    for (const name of ['asterisk', 'control-plane', 'postgres'])
      await writeFile(join(home, 'log', `${name}.log`), `${lines.join('\n')}\nthe last line\n`);
    await writeFile(journalPath(home), `${lines.join('\n')}\n`);
    const environmentText = `${sample.environmentText}MY_CRM_LOGIN=plantedlogin77\n# call ${NUMBERS[0]}\nADMIN_EMAIL=${E_MAIL}\n`;
    const state = { ...sample.state, testCall: { digest: 'x', at: '2026-01-01T00:00:00.000Z', heard: [SAID] } };
    const facts = { ...sample, home, environmentText, state, repository: home };
    const file = join(home, 'bundle.tar.gz');
    await writeBundle(file, await gatherParts(facts, AbortSignal.timeout(30_000)));
    await runCommand(['tar', '-xzf', file, '-C', home]);
    text = await runCommand([
      '/bin/sh',
      '-c',
      `cd "$1/support" && find . -type f | sort | while read -r f; do echo "== $f"; cat "$f"; done`,
      'all',
      home,
    ]);
  }, 60_000);
  afterAll(async () => await rm(home, { recursive: true }));

  it('holds no secret of the installation', () => {
    const secrets = listSecrets(finishedFacts().secrets);
    expect(secrets.length).toBeGreaterThan(7);
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
  });

  it('holds no number, no token, no e-mail address, nothing that was said, no setting that is not ours', () => {
    const found = [...NUMBERS, TOKEN, E_MAIL, SAID, 'plantedlogin77'].filter((what) => text.includes(what));
    expect(found).toEqual([]);
    expect(text).not.toMatch(/600[ -]?123/);
  });

  it('is readable by its owner alone', async () => {
    expect((await stat(join(home, 'bundle.tar.gz'))).mode & 0o777).toBe(0o600);
  });

  it('holds what is needed to find a fault', async () => {
    for (const name of [
      'facts.json',
      'plan.json',
      'environment.txt',
      'status.txt',
      'doctor.txt',
      'journal.jsonl',
      'state.json',
      'logs/asterisk.log',
    ])
      expect(text).toContain(`== ./${name}`);
    expect(await readFile(join(home, 'support', 'logs', 'asterisk.log'), 'utf8')).toContain('the last line');
    expect(await readFile(join(home, 'support', 'environment.txt'), 'utf8')).toContain('HTTP_PORT=8080');
  });
});
