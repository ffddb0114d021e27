// Backups: closed to everybody without the key, refused when one byte is another, compared row by row, and not kept for ever.
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommand } from '#command.ts';
import { mergeFolder, openBackup, renameTree } from './backup-archive.ts';
import { BACKUP_KEY_PATTERN, encryptTo, makeBackupKey, openEncrypted } from './backup-cipher.ts';
import { backupName, backupsFolder, listBackups, makeBackupsFolder, pruneBackups } from './backup-files.ts';
import { backupScheduleCommand } from './backup-schedule.ts';
import { renderRecoverySheet } from './recovery-sheet.ts';
import { compareTables, listLosses, parseTableDigests } from './table-digests.ts';

let home = '';
const { signal } = new AbortController();

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'centralita-backup-'));
});
afterEach(async () => await rm(home, { recursive: true }));

describe('a backup file', () => {
  /** Beyond two of age's pieces of 64 KiB. */
  const text = Buffer.alloc(200_000, 'secret of the house ');

  it('opens with its own key and holds what was put in, of which nothing can be read', async () => {
    const key = await makeBackupKey();
    expect(key).toMatch(BACKUP_KEY_PATTERN);
    const path = join(home, 'a.age');
    await encryptTo({ path, source: Readable.from([text]), key, signal });
    expect((await readFile(path)).includes('secret of the house')).toBe(false);
    expect(await buffer(await openEncrypted(path, key))).toEqual(text);
  });

  it('does not open with another key', async () => {
    const path = join(home, 'a.age');
    await encryptTo({ path, source: Readable.from([text]), key: await makeBackupKey(), signal });
    await expect(openEncrypted(path, await makeBackupKey())).rejects.toThrow('another backup key');
  });

  it.each([
    ['in its middle', 0.5],
    ['at its end', 0.999],
  ])('is refused as a whole when one byte %s is another, and nothing of it stays', async (_where, share) => {
    const key = await makeBackupKey();
    const path = join(home, 'a.age');
    await encryptTo({ path, source: Readable.from([text]), key, signal });
    const bytes = await readFile(path);
    const index = Math.floor(bytes.length * share);
    bytes[index] = (bytes[index] ?? 0) ^ 1;
    await writeFile(path, bytes);
    await expect(openBackup(home, { path, key, signal })).rejects.toThrow('damaged');
    expect(await readdir(home)).toEqual(['a.age']);
  });

  it('whose archive is padded far beyond its end mark opens, and a changed byte there is found', async () => {
    const key = await makeBackupKey();
    const manifest = {
      format: 1,
      madeAt: '',
      release: '',
      version: '',
      migrations: null,
      postgres: '',
      server: '',
      tables: {},
      files: {},
      folders: [],
    };
    await writeFile(join(home, 'manifest.json'), JSON.stringify(manifest));
    await runCommand(['tar', '--create', '--blocking-factor=4096', `--file=${home}/a.tar`, '-C', home, 'manifest.json']);
    const path = join(home, 'a.age');
    await encryptTo({ path, source: Readable.from([await readFile(join(home, 'a.tar'))]), key, signal });
    await using opened = await openBackup(home, { path, key, signal });
    expect(opened.manifest.format).toBe(1);
    const bytes = await readFile(path);
    bytes[bytes.length - 100] = (bytes[bytes.length - 100] ?? 0) ^ 1;
    await writeFile(path, bytes);
    await expect(openBackup(home, { path, key, signal })).rejects.toThrow('damaged');
  });

  it('that is cut off is refused', async () => {
    const key = await makeBackupKey();
    const path = join(home, 'a.age');
    await encryptTo({ path, source: Readable.from([text]), key, signal });
    await writeFile(path, (await readFile(path)).subarray(0, 120_000));
    await expect(openBackup(home, { path, key, signal })).rejects.toThrow('damaged');
  });
});

describe('a folder in a backup', () => {
  it('has the same name there wherever it lies, whatever its path is made of', async () => {
    const places = { recordings: join(home, 'volumes/c.c_rec[1]/_data'), exports: join(home, 'volumes/c.c_exports/_data') };
    for (const path of Object.values(places)) {
      await mkdir(join(path, '2026'), { recursive: true });
      await writeFile(join(path, '2026/one.wav'), path);
    }
    const tree = (name: 'recordings' | 'exports') => ({ name, path: places[name] });
    const words = ['--create', renameTree(tree('recordings')), renameTree(tree('exports')), '--absolute-names', `--file=${home}/a.tar`];
    await runCommand(['tar', ...words, places.recordings, places.exports]);
    const names = (await runCommand(['tar', '--list', `--file=${home}/a.tar`])).split('\n');
    expect(names).toEqual(expect.arrayContaining(['recordings/2026/one.wav', 'exports/2026/one.wav']));
    expect(names.join()).not.toContain('volumes');
  });
});

describe('a folder that comes out of a backup', () => {
  it('brings what is missing, with its mode, and leaves what is there', async () => {
    const [from, into] = [join(home, 'from'), join(home, 'into')];
    await mkdir(join(from, '2026'), { recursive: true });
    await mkdir(join(into, '2026'), { recursive: true });
    await writeFile(join(from, '2026/missing.wav'), 'saved', { mode: 0o640 });
    await writeFile(join(from, '2026/there.wav'), 'saved');
    await writeFile(join(into, '2026/there.wav'), 'own');
    await writeFile(join(into, '2026/later.wav'), 'own');
    await mergeFolder(from, { into, signal });
    await mergeFolder(from, { into, signal });
    expect(await readdir(join(into, '2026'))).toEqual(['later.wav', 'missing.wav', 'there.wav']);
    expect(await readFile(join(into, '2026/there.wav'), 'utf8')).toBe('own');
    expect(await readFile(join(into, '2026/missing.wav'), 'utf8')).toBe('saved');
    expect((await stat(join(into, '2026/missing.wav'))).mode & 0o777).toBe(0o640);
  });

  it('comes out to its end each time, whichever of the two programs goes first', async () => {
    const [from, into] = [join(home, 'from'), join(home, 'into')];
    for (const path of [from, into]) await mkdir(path);
    await writeFile(join(from, 'call.wav'), 'saved');
    for (let turn = 0; turn < 40; turn += 1) await mergeFolder(from, { into, signal });
    expect(await readdir(into)).toEqual(['call.wav']);
  });

  it('fails when it cannot be read', async () => {
    await expect(mergeFolder(join(home, 'nothing'), { into: home, signal })).rejects.toThrow('tar: exit code 2');
  });
});

describe('the tables of a backup', () => {
  const then = parseTableDigests(['public.calls|2|17', 'public.turns|5|99', 'public.agents|1|4']);

  it('are the same when rows and hashes are', () => {
    expect(compareTables(then, parseTableDigests(['public.agents|1|4', 'public.calls|2|17', 'public.turns|5|99']))).toEqual([]);
  });

  it('tell a lost row, a changed row, a lost table and one too many', () => {
    const found = parseTableDigests(['public.calls|1|16', 'public.turns|5|98', 'public.more|0|0']);
    expect(compareTables(then, found)).toEqual([
      'public.agents is missing',
      'public.calls has 1 rows instead of 2',
      'public.more is there and should not be',
      'public.turns has the same number of rows, 5, but not the same ones',
    ]);
  });

  it('say what going back loses', () => {
    const now = parseTableDigests(['public.calls|4|20', 'public.turns|5|98', 'public.agents|1|4', 'public.new|3|1']);
    expect(listLosses(then, now)).toEqual(['public.calls: 2 rows more', 'public.new: 3 rows more', 'public.turns: changed']);
  });

  it('are not read out of an error', () => {
    expect(() => parseTableDigests(['ERROR: permission denied'])).toThrow('not the digest of a table');
  });
});

describe('daily backups', () => {
  it('are kept in the number that the operator set, the newest, and his own files stay', async () => {
    await makeBackupsFolder(home);
    const names = ['2026-01-03', '2026-01-01', '2026-01-02'].map((day) => backupName('main', new Date(`${day}T03:30:00Z`)));
    expect(names[0]).toBe('centralita-main-20260103T033000Z.age');
    for (const name of [...names, 'mine.age', backupName('other', new Date(0))]) await writeFile(join(backupsFolder(home), name), '');
    const removed = await pruneBackups(home, { server: 'main', keep: 2 });
    expect(removed.map((path) => path.slice(-20))).toEqual(['20260101T033000Z.age']);
    expect(await listBackups(home, 'main')).toHaveLength(2);
    expect(await readdir(backupsFolder(home))).toHaveLength(4);
  });

  it('run from the release that is current at their hour', () => {
    const argv = backupScheduleCommand('/srv/home', '03:30');
    expect(argv).toContain('/srv/home/current');
    expect(argv).toContain('CENTRALITA_HOME=/srv/home');
  });

  it('are worth something without the machine: the sheet has the key and the way back', () => {
    const sheet = renderRecoverySheet({ key: 'AGE-SECRET-KEY-1X', server: 'main', home: '/srv/home', at: new Date(0) });
    expect(sheet).toContain('AGE-SECRET-KEY-1X');
    expect(sheet).toContain('--restore BACKUP.age --key-file');
  });
});
