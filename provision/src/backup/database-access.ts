/** How the database of an installation is spoken to, whichever runtime holds it: as the superuser, with PostgreSQL's own programs. */
import { renderDatabaseSetup } from '#postgres-configuration.ts';
import { postgresProgram } from '#postgres-process.ts';
import type { Instance } from '#instance.ts';

export type DatabaseAccess = {
  /** Argv that runs one of the client programs, such as `pg_dump`, on the server; its streams are the program's own. */
  readonly program: (name: string, words: readonly string[]) => readonly string[];
  /** SQL for psql that sets roles, database and extension right; runs any number of times. */
  readonly setupSql: string;
};

/** The server of an instance on the private root. */
export function databaseOf(instance: Instance): DatabaseAccess {
  return { program: (name, words) => postgresProgram(instance, name, words), setupSql: renderDatabaseSetup(instance) };
}

/** Argv that runs SQL from standard input; answers are unaligned, without headings. */
export function psqlOf({ program }: DatabaseAccess, database: string): readonly string[] {
  return program('psql', ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', database, '-f', '-']);
}
