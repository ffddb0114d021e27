/** What is in a database, table by table: how many rows, and a hash over all of them that does not depend on their order. */
import { z } from 'zod';

/** Table with its schema, quoted as SQL wants it -> its rows and their hash. */
export type TableDigests = Readonly<Record<string, { readonly rows: number; readonly hash: string }>>;

export const tableDigestsSchema = z.record(z.string(), z.object({ rows: z.number().int().min(0), hash: z.string() }));

/**
 * SQL for psql (unaligned, without headings) that answers one line `table|rows|hash` for each table. The hash is the sum of 60 bits of each
 * row's MD5: any row changed, lost or added changes it, and the order in which they are read does not.
 */
export const TABLE_DIGESTS_SQL = `
set timezone = 'UTC';
set extra_float_digits = 1;
select format(
  $q$select %L, count(*), coalesce(sum(('x' || substr(md5(t::text), 1, 15))::bit(60)::bigint::numeric), 0) from %I.%I t$q$,
  format('%I.%I', schemaname, tablename), schemaname, tablename)
from pg_tables where schemaname not in ('pg_catalog', 'information_schema') order by schemaname, tablename \\gexec
`;

/** Parses the lines that the SQL answers. Throws for any other line. */
export function parseTableDigests(lines: readonly string[]): TableDigests {
  return Object.fromEntries(
    lines.map((line) => {
      const [, table, rows, hash] = /^(.+)\|(\d+)\|(\d+)$/.exec(line) ?? [];
      if (table === undefined || hash === undefined) throw new Error(`not the digest of a table: ${line.slice(0, 200)}`);
      return [table, { rows: Number(rows), hash }];
    }),
  );
}

/** The tables that are not the same in both, each with what differs in words. */
export function compareTables(wanted: TableDigests, found: TableDigests): readonly string[] {
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(found)])].toSorted();
  return names.flatMap((name) => {
    const [a, b] = [wanted[name], found[name]];
    if (!a) return [`${name} is there and should not be`];
    if (!b) return [`${name} is missing`];
    if (a.rows !== b.rows) return [`${name} has ${b.rows} rows instead of ${a.rows}`];
    return a.hash === b.hash ? [] : [`${name} has the same number of rows, ${a.rows}, but not the same ones`];
  });
}

/** Rows that are in the tables now and were not at the time of the digests, in words: what going back there loses. */
export function listLosses(then: TableDigests, now: TableDigests): readonly string[] {
  return Object.keys(now)
    .toSorted()
    .flatMap((name) => {
      const [before, after] = [then[name], now[name]];
      if (!after || (before?.rows === after.rows && before.hash === after.hash)) return [];
      const more = after.rows - (before?.rows ?? 0);
      return [more > 0 ? `${name}: ${more} rows more` : `${name}: changed`];
    });
}

export function countRows(tables: TableDigests): number {
  return Object.values(tables).reduce((sum, { rows }) => sum + rows, 0);
}
