/** Every row of every table as a hash: what an upgrade and the way back may not change. */
import { describeAppliance } from '@centralita/provision/appliance.ts';
import { runCommand } from '@centralita/provision/command.ts';
import { gatherFacts } from '@centralita/provision/facts.ts';
import { DATABASE } from '@centralita/provision/instance.ts';
import { psqlCommand } from '@centralita/provision/postgres-process.ts';
import { releaseFolder } from '@centralita/provision/releases/release-store.ts';

/** Table -> hash of a row -> how many rows have it. */
export type Rows = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Not the digests of the product's own backups: a fault in those must not hide itself. */
const SQL = `
set timezone = 'UTC';
select format($q$select %L || ' ' || encode(sha256(t::text::bytea), 'hex') from %I.%I t$q$, format('%I.%I', schemaname, tablename), schemaname, tablename)
from pg_tables where schemaname not in ('pg_catalog', 'information_schema') \\gexec
`;

/** Reads all rows of the installation in `home`. */
export async function readRows(home: string, release: string): Promise<Rows> {
  const appliance = describeAppliance(await gatherFacts({ home, repository: releaseFolder(home, release) }));
  if (!appliance) throw new Error(`nothing is installed in ${home}`);
  const answers: string[] = [];
  await runCommand(psqlCommand(appliance.instance, DATABASE), {
    input: SQL,
    label: 'reading every row',
    onOutput: (text) => answers.push(text),
  });
  const rows = new Map<string, Map<string, number>>();
  for (const line of answers.join('').split('\n')) {
    const [table, hash] = line.split(' ');
    if (table === undefined || hash === undefined) continue;
    const hashes = rows.get(table) ?? new Map<string, number>();
    rows.set(table, hashes.set(hash, (hashes.get(hash) ?? 0) + 1));
  }
  return rows;
}

export function countRows(rows: Rows): number {
  return [...rows.values()].flatMap((hashes) => [...hashes.values()]).reduce((sum, count) => sum + count, 0);
}

/** Rows that are in one of the two and not in the other, by table. A row that was changed counts twice: as lost, and as new. */
export function listDiffering(before: Rows, after: Rows): ReadonlyMap<string, { readonly lost: number; readonly added: number }> {
  const differing = new Map<string, { lost: number; added: number }>();
  for (const table of new Set([...before.keys(), ...after.keys()])) {
    const lost = countMissing(before.get(table), after.get(table));
    const added = countMissing(after.get(table), before.get(table));
    if (lost > 0 || added > 0) differing.set(table, { lost, added });
  }
  return differing;
}

/** Where a control plane writes down how it does, every few seconds from its start on. */
const OWN_MEASUREMENTS = 'public.process_metadata';

/** The same without the rows that are new because a control plane has run in between; of what was there before nothing may be gone. */
export function withoutMeasurements(differing: ReturnType<typeof listDiffering>): ReturnType<typeof listDiffering> {
  const rest = [...differing].map(([table, counts]) => [table, table === OWN_MEASUREMENTS ? { ...counts, added: 0 } : counts] as const);
  return new Map(rest.filter(([, { lost, added }]) => lost > 0 || added > 0));
}

function countMissing(from: ReadonlyMap<string, number> = new Map(), where: ReadonlyMap<string, number> = new Map()): number {
  let missing = 0;
  for (const [hash, count] of from) missing += Math.max(0, count - (where.get(hash) ?? 0));
  return missing;
}
