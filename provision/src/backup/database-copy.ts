/** Copies the database out and in with PostgreSQL's own programs, as the superuser: roles, grants and policies travel along. */
import { spawn } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { pipeline } from 'node:stream/promises';
import { runCommand } from '#command.ts';
import { DATABASE, DATABASE_ROLES } from '#instance.ts';
import { psqlOf } from './database-access.ts';
import type { DatabaseAccess } from './database-access.ts';
import { parseTableDigests, TABLE_DIGESTS_SQL } from './table-digests.ts';
import type { TableDigests } from './table-digests.ts';

/** A dump or restore of 1 GB took under two minutes; ten times that size is still in. */
const COPY_TIMEOUT_MS = 1_800_000;
const QUERY_TIMEOUT_MS = 600_000;
/** Where a copy is made before it takes the database's name. */
const INCOMING = `${DATABASE}_incoming`;
const OUTGOING = `${DATABASE}_outgoing`;
/** Where a restore is rehearsed. */
export const REHEARSAL_DATABASE = `${DATABASE}_rehearsal`;

/** Writes the database into a file of pg_dump's custom format, and says what was in it at that same moment. */
export async function dumpDatabase(access: DatabaseAccess, path: string, signal: AbortSignal): Promise<TableDigests> {
  await using snapshot = await openSnapshot(access, signal);
  const argv = ['--format=custom', '--compress=zstd:3', `--snapshot=${snapshot.id}`, `--dbname=${DATABASE}`];
  const child = spawnProgram(access.program('pg_dump', argv), signal);
  child.stdin.end();
  await Promise.all([pipeline(child.stdout, createWriteStream(path, { mode: 0o600 })), child.ended]);
  return snapshot.tables;
}

/** What is in a database now. */
export async function readTables(access: DatabaseAccess, database: string = DATABASE): Promise<TableDigests> {
  const input = `set idle_in_transaction_session_timeout = 0;\n${TABLE_DIGESTS_SQL}`;
  const answer = await runCommand(psqlOf(access, database), { input, label: 'reading the tables', timeoutMs: QUERY_TIMEOUT_MS });
  return parseTableDigests(answer.split('\n').filter((line) => line !== ''));
}

/** Makes a database out of a dump. One of that name is replaced. Throws with pg_restore's own words when the dump is not whole. */
export async function restoreInto(
  access: DatabaseAccess,
  copy: { readonly dump: string; readonly database: string; readonly signal: AbortSignal },
): Promise<void> {
  await dropDatabase(access, copy.database);
  await runSql(access, `create database ${copy.database} owner ${DATABASE_ROLES.migrator} template template0;`);
  const child = spawnProgram(access.program('pg_restore', ['--exit-on-error', `--dbname=${copy.database}`]), copy.signal);
  await Promise.all([
    pipeline(createReadStream(copy.dump), child.stdin).catch((error: NodeJS.ErrnoException) => {
      // pg_restore ends early when it does not like what it reads; its exit code says why.
      if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    }),
    child.ended,
  ]);
  child.stdout.resume();
}

export async function dropDatabase(access: DatabaseAccess, database: string): Promise<void> {
  await runSql(access, `drop database if exists ${database} with (force);`);
}

/**
 * Puts a dump in the place of the database: restored beside it first, compared, and only then exchanged, in one transaction. Killed at any
 * moment, either the old or the new one is whole under its name. Whoever is connected is cut off: their programs must be stopped before.
 */
export async function replaceDatabase(
  access: DatabaseAccess,
  copy: { readonly dump: string; readonly check: (found: TableDigests) => void; readonly signal: AbortSignal },
): Promise<void> {
  await restoreInto(access, { dump: copy.dump, database: INCOMING, signal: copy.signal });
  copy.check(await readTables(access, INCOMING));
  await dropDatabase(access, OUTGOING);
  await runSql(
    access,
    `alter database ${DATABASE} allow_connections false;
select pg_terminate_backend(pid) from pg_stat_activity where datname in ('${DATABASE}', '${INCOMING}') and pid <> pg_backend_pid();
begin;
alter database ${DATABASE} rename to ${OUTGOING};
alter database ${INCOMING} rename to ${DATABASE};
commit;`,
  );
  await finishReplacement(access);
}

/** Opens the database again where an exchange was cut short before it: fine where it is open. */
export async function allowConnections(access: DatabaseAccess): Promise<void> {
  await runSql(access, `alter database ${DATABASE} allow_connections true;`);
}

/** Rights, and the end of the database that was replaced. Runs any number of times. */
async function finishReplacement(access: DatabaseAccess): Promise<void> {
  await allowConnections(access);
  // Rights on the database itself are not in the dump.
  await runSql(access, access.setupSql);
  for (const database of [INCOMING, OUTGOING]) await dropDatabase(access, database);
}

async function runSql(access: DatabaseAccess, input: string): Promise<void> {
  await runCommand(psqlOf(access, 'postgres'), { input, label: 'psql', timeoutMs: QUERY_TIMEOUT_MS });
}

/** A moment of the database that stays readable while it is copied, and what was in it. */
async function openSnapshot(
  access: DatabaseAccess,
  signal: AbortSignal,
): Promise<AsyncDisposable & { readonly id: string; readonly tables: TableDigests }> {
  const child = spawnProgram(psqlOf(access, DATABASE), signal);
  // Told by whoever waits for the answer.
  child.ended.catch(() => undefined);
  const lines = createInterface({ input: child.stdout });
  child.stdin.write(`set idle_in_transaction_session_timeout = 0;
begin isolation level repeatable read read only;
select pg_export_snapshot();
${TABLE_DIGESTS_SQL}
\\echo end-of-tables
`);
  const answers: string[] = [];
  for await (const line of lines) {
    if (line === 'end-of-tables') break;
    if (line !== '') answers.push(line);
  }
  const [id, ...tables] = answers;
  if (id === undefined) await child.ended;
  if (id === undefined || !/^[0-9A-F-]+$/.test(id)) throw new Error(`PostgreSQL gave no snapshot: ${id ?? 'no answer'}`);
  return {
    id,
    tables: parseTableDigests(tables),
    [Symbol.asyncDispose]: async () => {
      child.stdin.end('commit;\n');
      await child.ended.catch(() => undefined);
    },
  };
}

/** A program whose input and output are streams. `ended` settles at its end and throws with its last words when it failed. */
function spawnProgram(argv: readonly string[], signal: AbortSignal) {
  const [file = '', ...args] = argv;
  const child = spawn(file, args, { signal: AbortSignal.any([signal, AbortSignal.timeout(COPY_TIMEOUT_MS)]), killSignal: 'SIGKILL' });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (words = (words + text).slice(-4_096)));
  child.stdin.on('error', () => undefined);
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0
        ? resolve()
        : reject(new Error(`${args.find((word) => word.startsWith('/usr/lib/postgresql')) ?? file}: exit code ${code}\n${words.trim()}`)),
    );
  });
  return { stdin: child.stdin, stdout: child.stdout, ended };
}
