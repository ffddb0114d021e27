/** For the proof of interrupted runs, inside the machine that is installed: writes one row into its database, or counts what is there. Does nothing while there is no database. */
import { describeAppliance } from '@centralita/provision/appliance.ts';
import { runCommand } from '@centralita/provision/command.ts';
import { gatherFacts } from '@centralita/provision/facts.ts';
import { DATABASE } from '@centralita/provision/instance.ts';
import { psqlCommand } from '@centralita/provision/postgres-process.ts';

const [, , home = '', repository = '', row = ''] = process.argv;
const facts = await gatherFacts({ home, repository });
const appliance = describeAppliance(facts);
if (!appliance || facts.services.postgres !== 'RUNNING') console.log('{"rows":null}');
else {
  const insert = row === '' ? '' : `insert into interrupted_proof (row) values ('${row.replaceAll("'", "''")}');`;
  // Beside the product's own tables, in the same cluster and the same write-ahead log.
  const input = `create table if not exists interrupted_proof (row text not null, at timestamptz not null default now()); ${insert}
    select coalesce(json_agg(row order by at), '[]') from interrupted_proof;`;
  const answer = await runCommand(psqlCommand(appliance.instance, DATABASE), { input, timeoutMs: 60_000 });
  console.log(`{"rows":${answer.trim().split('\n').at(-1) ?? '[]'}}`);
}
