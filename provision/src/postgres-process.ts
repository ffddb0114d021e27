/** Makes an instance's database cluster and gives the command that runs it. */
import { access, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from './asterisk-process.ts';
import { confinedCommand, runCommand } from './command.ts';
import { instancePaths, MOUNT_POINT } from './instance.ts';
import type { Instance } from './instance.ts';
import { renderDatabaseSetup, renderPostgres } from './postgres-configuration.ts';
import { writeRenderedFiles } from './rendered-files.ts';
import { rootCommand } from './root-command.ts';

const PROGRAMS = '/usr/lib/postgresql/18/bin';
const FOLDER = `${MOUNT_POINT}/postgres`;

/** Writes the configuration folder. Runs any number of times. */
export async function preparePostgres(instance: Instance): Promise<void> {
  const { uid, gid } = instance.root.users.postgres;
  await makeFolder(instance.dir, { uid: 0, gid: 0, mode: 0o755 });
  await makeFolder(join(instance.dir, 'postgres'), { uid, gid, mode: 0o700 });
  await makeFolder(instancePaths(instance).postgresRun, { uid, gid, mode: 0o700 });
  await makeFolder(instancePaths(instance).databaseSocket, { uid, gid: instance.serviceGid ?? 0, mode: 0o750 });
  const etc = instancePaths(instance).postgresEtc;
  await makeFolder(etc, { uid: 0, gid, mode: 0o750 });
  await writeRenderedFiles(etc, renderPostgres(instance), { uid: 0, gid, mode: 0o640 });
}

/** Whether the cluster has been made. */
export async function hasPostgresCluster(instance: Pick<Instance, 'dir'>): Promise<boolean> {
  return await access(join(instancePaths(instance).postgresData, 'PG_VERSION')).then(
    () => true,
    () => false,
  );
}

/**
 * Makes the cluster, the two roles, the database and the `vector` extension; sets passwords and grants right when
 * they exist. The server must not be running. Killed half-way, the next run goes on.
 */
export async function initPostgres(instance: Instance): Promise<void> {
  await preparePostgres(instance);
  if (!(await hasPostgresCluster(instance))) {
    await rm(join(instance.dir, 'postgres', 'data.new'), { recursive: true, force: true });
    // The builtin locale sorts the same on every C library: an upgrade of the root cannot corrupt an index.
    const locale = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--encoding=UTF8'];
    await asPostgres(instance, [`${PROGRAMS}/initdb`, '--pgdata', `${FOLDER}/data.new`, '--auth=peer', ...locale]);
    await rename(join(instance.dir, 'postgres', 'data.new'), instancePaths(instance).postgresData);
  }
  // One process: the server listens on its socket alone while the set-up runs, and is stopped whatever happens.
  const script = `
    ${PROGRAMS}/pg_ctl -D ${FOLDER}/data -s -w -t 60 -l ${FOLDER}/setup.log -o "-c config_file=${FOLDER}/etc/postgresql.conf -c listen_addresses=''" start
    trap '${PROGRAMS}/pg_ctl -D ${FOLDER}/data -s -w -m fast stop' EXIT
    ${PROGRAMS}/psql -X -q -h ${FOLDER}/run -p ${instance.ports.postgres} -d postgres -f -`;
  await asPostgres(instance, ['/bin/sh', '-ec', script], renderDatabaseSetup(instance));
}

/** Argv that runs the server in the foreground; its log is its standard output. SIGINT stops it within seconds, clients or not. */
export function postgresCommand(instance: Instance): readonly string[] {
  const argv = [`${PROGRAMS}/postgres`, '-D', `${FOLDER}/data`, '-c', `config_file=${FOLDER}/etc/postgresql.conf`];
  return rootCommand(instance, { ...instance.root.users.postgres, files: instance.limits.serverFiles }, argv);
}

/** Argv that runs one of PostgreSQL's client programs, such as `pg_dump`, as the superuser on a running server. */
export function postgresProgram(instance: Instance, name: string, words: readonly string[]): readonly string[] {
  const argv = [`${PROGRAMS}/${name}`, '-h', `${FOLDER}/run`, '-p', String(instance.ports.postgres), ...words];
  return rootCommand(instance, instance.root.users.postgres, argv);
}

/** Argv that runs SQL from standard input as the superuser on a running server; answers are unaligned, without headings. */
export function psqlCommand(instance: Instance, database: string): readonly string[] {
  const argv = [`${PROGRAMS}/psql`, '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', `${FOLDER}/run`];
  return rootCommand(instance, instance.root.users.postgres, [...argv, '-p', String(instance.ports.postgres), '-d', database, '-f', '-']);
}

async function asPostgres(instance: Instance, argv: readonly string[], input = ''): Promise<void> {
  const label = `PostgreSQL set-up of ${instance.dir}/postgres (see setup.log there)`;
  await runCommand(confinedCommand(rootCommand(instance, instance.root.users.postgres, argv)), { input, label, timeoutMs: 120_000 });
}
