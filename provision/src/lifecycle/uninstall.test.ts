// What goes and what stays when an installation is taken away, and that what others made is never touched.
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bareFacts } from '#sample-facts.ts';
import { uninstall } from './uninstall.ts';

/** One file in every folder that an installation has. */
const FILES = [
  '.env',
  '.env.bak',
  '.env.from-backup',
  'replaced-secrets/20260101T000000Z.json',
  'triton-admin.secret',
  'offline.staging/root.tar',
  'secrets.json',
  'secrets/secret-keys.json',
  'root/usr/bin/asterisk',
  'releases/1/provision.sh',
  'app/mount-point',
  'bin/centralita',
  'supervisor/supervisord.conf',
  'exports/export.zip',
  'state/outbox',
  'backups/a.age',
  'models/whisper/model.onnx',
  'log/asterisk.log',
  'metrics/centralita.prom',
  'instances/appliance/asterisk/etc/pjsip.conf',
  'instances/appliance/postgres/data/PG_VERSION',
  'instances/appliance/postgres/etc/postgresql.conf',
  'instances/appliance/recordings/call.wav',
];

/** Of an installation of which nothing runs. */
const takeDown = async () => ({ removed: [], kept: [] });

describe('an uninstall', () => {
  let home = '';
  beforeEach(async () => {
    home = join(await mkdtemp(join(tmpdir(), 'centralita-uninstall-')), 'home');
    for (const file of FILES) {
      await mkdir(dirname(join(home, file)), { recursive: true });
      await writeFile(join(home, file), 'x');
    }
    await writeFile(join(home, 'state.json'), JSON.stringify({ started: { asterisk: 'd' }, databaseSetup: 'kept', prompts: 'gone' }));
  });
  afterEach(async () => await rm(dirname(home), { recursive: true, force: true }));
  const list = async (): Promise<string[]> =>
    (await readdir(home, { recursive: true, withFileTypes: true }))
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(home.length + 1));

  it('removes what can be made again and keeps settings, secrets, database, recordings and backups', async () => {
    const told = await uninstall(bareFacts({ home }), { isPurging: false, takeDown });
    const left = await list();
    for (const kept of [
      '.env',
      'secrets.json',
      'secrets/secret-keys.json',
      'backups/a.age',
      'models/whisper/model.onnx',
      'exports/export.zip',
    ])
      expect(left).toContain(kept);
    expect(left).toContain('instances/appliance/postgres/data/PG_VERSION');
    expect(left).toContain('instances/appliance/recordings/call.wav');
    expect(left.filter((name) => /^(root|releases|app|bin|supervisor|offline\.staging)\/|asterisk\/etc|postgres\/etc/.test(name))).toEqual(
      [],
    );
    expect(told.kept.join()).toContain('takes them up again');
  });

  it('remembers what is still so and forgets what is gone, so that the next run makes that again', async () => {
    await uninstall(bareFacts({ home }), { isPurging: false, takeDown });
    expect(JSON.parse(await readFile(join(home, 'state.json'), 'utf8'))).toMatchObject({ started: {}, databaseSetup: 'kept' });
    expect(await readFile(join(home, 'state.json'), 'utf8')).not.toContain('prompts');
  });

  it('leaves nothing behind when it purges, and can be run again', async () => {
    const told = await uninstall(bareFacts({ home }), { isPurging: true, takeDown });
    expect(told.removed).toContain(home);
    await expect(readdir(home)).rejects.toThrow('ENOENT');
    await mkdir(home);
    expect((await uninstall(bareFacts({ home }), { isPurging: true, takeDown })).removed).toContain(home);
  });

  it('keeps what it did not make, and says so', async () => {
    await writeFile(join(home, 'notes-of-mine.txt'), 'x');
    const told = await uninstall(bareFacts({ home }), { isPurging: true, takeDown });
    expect(await readdir(home)).toEqual(['notes-of-mine.txt']);
    expect(told.kept.join()).toContain('notes-of-mine.txt');
  });

  it('does not follow a link out of the home', async () => {
    const outside = join(dirname(home), 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'precious'), 'x');
    await rm(join(home, 'backups'), { recursive: true });
    await symlink(outside, join(home, 'backups'));
    await uninstall(bareFacts({ home }), { isPurging: true, takeDown });
    expect(await readdir(outside)).toEqual(['precious']);
  });
});
