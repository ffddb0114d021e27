// The loop of the container `backup`: what it dumps, what it keeps, and that a restart pushes nothing out. PostgreSQL's and age's programs are stand-ins in PATH.
import { chmod, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tryCommand } from '#command.ts';

const SCRIPT = resolve(import.meta.dirname, '../../postgres/backup-loop');
const HOUR_S = 3_600;
/** The first pause ends the loop, as a stop of the container does. */
const PROGRAMS = {
  pg_dump: 'printf dump; exit "${DUMP_EXIT:-0}"',
  age: 'while [ "$1" != -o ]; do shift; done; cat >"$2"',
  sleep: 'kill -TERM "$PPID"',
};

let folder = '';
const backups = () => join(folder, 'backups');
const run = async (word: string, variables: Readonly<Record<string, string>> = {}) =>
  await tryCommand(['sh', SCRIPT, word], {
    timeoutMs: 10_000,
    env: {
      PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
      BACKUP_FOLDER: backups(),
      BACKUP_HOURS: '24',
      BACKUP_KEEP: '2',
      BACKUP_RECIPIENTS_FILE: '/dev/null',
      ...variables,
    },
  });

/** A dump that is there already. */
async function place(name: string, ageHours: number): Promise<void> {
  const path = join(backups(), name);
  await writeFile(path, '');
  const at = Date.now() / 1_000 - ageHours * HOUR_S;
  await utimes(path, at, at);
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'centralita-loop-'));
  for (const name of ['bin', 'backups']) await mkdir(join(folder, name));
  for (const [name, text] of Object.entries(PROGRAMS)) {
    await writeFile(join(folder, 'bin', name), `#!/bin/sh\n${text}\n`);
    await chmod(join(folder, 'bin', name), 0o755);
  }
});
afterEach(async () => await rm(folder, { recursive: true }));

describe('the loop of dumps', () => {
  it('makes one at once where there is none, and is healthy from then on', async () => {
    expect((await run('is-recent')).exitCode).toBe(1);
    expect((await run('loop')).exitCode).toBe(0);
    expect(await readdir(backups())).toEqual([expect.stringMatching(/^centralita-\d{8}T\d{6}Z\.dump\.age$/)]);
    expect((await run('is-recent')).exitCode).toBe(0);
  });

  it('makes none when it is started again within its round, and takes away what a killed one left', async () => {
    await place('centralita-20260101T000000Z.dump.age', 23);
    await place('centralita-20260101T120000Z.dump.age.part', 1);
    await run('loop');
    expect(await readdir(backups())).toEqual(['centralita-20260101T000000Z.dump.age']);
  });

  it('keeps the newest, in the number that the operator set', async () => {
    for (const day of ['01', '02', '03']) await place(`centralita-202601${day}T000000Z.dump.age`, 25);
    await run('loop');
    const left = await readdir(backups());
    expect(left).toHaveLength(2);
    expect(left).toContain('centralita-20260103T000000Z.dump.age');
  });

  it('keeps the earlier ones and says so when the dump breaks', async () => {
    for (const day of ['01', '02', '03']) await place(`centralita-202601${day}T000000Z.dump.age`, 49);
    const { exitCode, stderr } = await run('now', { DUMP_EXIT: '1' });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('the earlier ones are kept');
    expect(await readdir(backups())).toHaveLength(3);
    expect((await run('is-recent')).exitCode).toBe(1);
  });
});
