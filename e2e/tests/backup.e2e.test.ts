// A backup of a real PostgreSQL 18: what comes back is what was saved, row by row, with its roles, rights and policies.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { databaseOf } from '@centralita/provision/backup/database-access.ts';
import {
  dumpDatabase,
  dropDatabase,
  readTables,
  REHEARSAL_DATABASE,
  replaceDatabase,
  restoreInto,
} from '@centralita/provision/backup/database-copy.ts';
import { compareTables } from '@centralita/provision/backup/table-digests.ts';
import { runCommand } from '@centralita/provision/command.ts';
import { DATABASE, DATABASE_ROLES } from '@centralita/provision/instance.ts';
import { psqlCommand } from '@centralita/provision/postgres-process.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestDatabase } from '#e2e/test-database.ts';
import type { TestDatabase } from '#e2e/test-database.ts';

const home = process.env['CENTRALITA_RIG'] ?? resolve(import.meta.dirname, '../../.rig');
const { signal } = new AbortController();
let database: TestDatabase;
let folder = '';
let dump = '';

/** Runs SQL as the superuser and gives its answer. */
const ask = async (input: string, name = DATABASE): Promise<string> =>
  (await runCommand(psqlCommand(database.instance, name), { input, label: 'psql' })).trim();

beforeAll(async () => {
  database = await openTestDatabase(home);
  folder = await mkdtemp(join(tmpdir(), 'centralita-backup-'));
  dump = join(folder, 'database.dump');
  await ask(`
    set role ${DATABASE_ROLES.migrator};
    create table notes (id int primary key, org text not null, body text, place vector(3), at timestamptz default now());
    alter table notes enable row level security;
    create policy own on notes to ${DATABASE_ROLES.app} using (org = current_setting('app.org', true));
    grant select, insert on notes to ${DATABASE_ROLES.app};
    insert into notes select i, 'org' || i % 3, repeat('ñ"''\\ ', i % 50), array[i, i / 3.0, -i]::vector from generate_series(1, 5000) i;
    create schema other; create table other."odd Name" (id bigserial, payload jsonb);
    insert into other."odd Name" (payload) values ('{"a": [1, null, "x"]}'), (null);`);
}, 120_000);

afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

it('comes back in a rehearsal as it was, and the database in use is not touched', async () => {
  const saved = await dumpDatabase(databaseOf(database.instance), dump, signal);
  expect(saved['public.notes']?.rows).toBe(5_000);
  expect(saved['other."odd Name"']?.rows).toBe(2);
  // Written after the moment of the backup: not in it, and not lost.
  await ask(`insert into notes values (9001, 'org1', 'later')`);
  await restoreInto(databaseOf(database.instance), { dump, database: REHEARSAL_DATABASE, signal });
  expect(compareTables(saved, await readTables(databaseOf(database.instance), REHEARSAL_DATABASE))).toEqual([]);
  expect(await ask('select count(*) from notes')).toBe('5001');
  await ask(`update notes set body = 'changed' where id = 7`, REHEARSAL_DATABASE);
  const differences = compareTables(saved, await readTables(databaseOf(database.instance), REHEARSAL_DATABASE));
  expect(differences).toEqual(['public.notes has the same number of rows, 5000, but not the same ones']);
  await dropDatabase(databaseOf(database.instance), REHEARSAL_DATABASE);
});

it('takes the place of the database with its rights and policies, and leaves nothing beside', async () => {
  const saved = await dumpDatabase(databaseOf(database.instance), dump, signal);
  await ask(`delete from notes; drop table other."odd Name"`);
  await replaceDatabase(databaseOf(database.instance), { dump, signal, check: (found) => expect(compareTables(saved, found)).toEqual([]) });
  expect(compareTables(saved, await readTables(databaseOf(database.instance)))).toEqual([]);
  const seen = await ask(
    `set role ${DATABASE_ROLES.app}; set app.org = 'org1'; select count(*) from notes where org <> 'org1' or id = 9001`,
  );
  expect(seen).toBe('1');
  await expect(ask(`set role ${DATABASE_ROLES.app}; delete from notes`)).rejects.toThrow('permission denied');
  expect(await ask(`select tableowner from pg_tables where tablename = 'notes'`)).toBe(DATABASE_ROLES.migrator);
  expect(await ask(`select datname from pg_database where datname ~ '_(incoming|outgoing|rehearsal)$'`, 'postgres')).toBe('');
});

it('that is damaged does not take the place of anything', async () => {
  const saved = await dumpDatabase(databaseOf(database.instance), dump, signal);
  const bytes = await readFile(dump);
  await writeFile(dump, bytes.subarray(0, Math.floor(bytes.length / 2)));
  await expect(replaceDatabase(databaseOf(database.instance), { dump, signal, check: () => {} })).rejects.toThrow('pg_restore');
  expect(compareTables(saved, await readTables(databaseOf(database.instance)))).toEqual([]);
});
