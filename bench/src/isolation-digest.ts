/** Everything that an organization has in the database, as one hash per table: what changed shows. */
import { runCommand } from '@centralita/provision/command.ts';
import type { Instance } from '@centralita/provision/instance.ts';
import { DATABASE } from '@centralita/provision/instance.ts';
import { psqlCommand } from '@centralita/provision/postgres-process.ts';
import type { ProbedTable } from './isolation-sql.ts';

/** When a token was last used is written down a while after its use, so it may still come from the organization itself. */
const PASSING = "- 'last_used_at' - 'last_used_address'";

/** Table -> hash of the organization's rows, read as superuser, past every policy. */
export async function digestOf(
  instance: Instance,
  tables: readonly ProbedTable[],
  organizationId: string,
): Promise<Readonly<Record<string, string>>> {
  const parts = tables
    .filter(({ owner }) => owner !== null)
    .map(
      ({ name, owner }) =>
        `select '${name} ' || count(*) || ' ' || coalesce(md5(string_agg(row, '|' order by row)), '') from (select (to_jsonb(t) ${PASSING})::text as row from ${name} t where t.${owner} = '${organizationId}') r;`,
    );
  const output = await runCommand(psqlCommand(instance, DATABASE), {
    input: parts.join('\n'),
    label: 'reading the rows of an organization',
  });
  const lines = output.trim().split('\n');
  if (lines.length !== parts.length) throw new Error(`${parts.length} tables, ${lines.length} hashes: ${output}`);
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]));
}

/** Tables whose rows differ between two digests. */
export function changedTables(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): string[] {
  return Object.keys(before).filter((name) => before[name] !== after[name]);
}
