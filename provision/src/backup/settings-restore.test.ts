// What a restore does to settings and secrets: the backup's come into force, and this machine's own are not lost with that.
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeSecrets, parseSecrets } from '#secrets.ts';
import type { BackupManifest } from './backup-manifest.ts';
import { REPLACED_SECRETS, restoreSettings } from './settings-restore.ts';

let place = '';
const home = () => join(place, 'home');
const folder = () => join(place, 'opened');
const [own, others] = [makeSecrets(), makeSecrets()];
const manifest = { files: {} } as BackupManifest;

const restore = async () =>
  await restoreSettings(
    { facts: { home: home() }, settingsOwner: async () => ({ uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }) },
    { folder: folder(), manifest },
  );
const secretsIn = async (path: string) => parseSecrets(await readFile(path, 'utf8'), path);

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'centralita-restore-'));
  for (const path of [home(), folder()]) await mkdir(path);
  await writeFile(join(home(), 'secrets.json'), JSON.stringify(own));
  await writeFile(join(folder(), 'secrets.json'), JSON.stringify(others));
  await writeFile(join(folder(), '.env'), 'SIP_PORT=5999\n');
  vi.spyOn(console, 'log').mockImplementation(() => undefined);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(place, { recursive: true });
});

describe('the secrets of a machine that another one’s backup is restored on', () => {
  it('are kept beside, for nobody but root to read, once: a restore that is run again finds the backup’s', async () => {
    await restore();
    await restore();
    expect(await secretsIn(join(home(), 'secrets.json'))).toEqual(others);
    const kept = await readdir(join(home(), REPLACED_SECRETS));
    expect(kept).toHaveLength(1);
    const path = join(home(), REPLACED_SECRETS, kept[0] ?? '');
    expect(await secretsIn(path)).toEqual(own);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('are not kept a second time where the backup is this machine’s own', async () => {
    await writeFile(join(folder(), 'secrets.json'), JSON.stringify(own));
    await restore();
    expect(await readdir(home())).toEqual(['.env', 'secrets.json']);
  });

  it('stay in force when the backup has no settings', async () => {
    await rm(join(folder(), '.env'));
    await expect(restore()).rejects.toThrow('.env');
    expect(await secretsIn(join(home(), 'secrets.json'))).toEqual(own);
  });
});

describe('the settings of a machine that has its own', () => {
  it('stay, and the backup’s lie beside them', async () => {
    await writeFile(join(home(), '.env'), 'SIP_PORT=5060\n');
    await restore();
    expect(await readFile(join(home(), '.env'), 'utf8')).toBe('SIP_PORT=5060\n');
    expect(await readFile(join(home(), '.env.from-backup'), 'utf8')).toBe('SIP_PORT=5999\n');
  });
});
