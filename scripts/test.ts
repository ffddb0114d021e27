/**
 * Every test of the product, in the order in which a fault is cheapest to find: checks, unit, database in process, database on
 * PostgreSQL, the sandbox, then real calls. Arguments choose steps by name; without any, all run. The last line is the sum.
 */
import { resolve } from 'node:path';
import { runCheck, runTests } from './test-step.ts';
import { summaryLine, sumTallies } from './test-tally.ts';
import type { Tally } from './test-tally.ts';

type Step = { readonly name: string; readonly run: () => Promise<Tally> };

/** Where the rig lives between runs: building its private root takes a minute and 800 MB. */
const rigHome = process.env['CENTRALITA_RIG'] ?? resolve(import.meta.dirname, '..', '.rig');

const steps: readonly Step[] = [
  { name: 'format', run: () => runCheck(['oxfmt', '--check']) },
  { name: 'lint', run: () => runCheck(['oxlint', '--type-aware']) },
  { name: 'types', run: () => runCheck(['tsc', '-p', '.']) },
  { name: 'dead-code', run: () => runCheck(['knip']) },
  { name: 'unit', run: () => runTests('unit') },
  { name: 'db', run: () => runTests('db') },
  { name: 'db-server', run: runDatabaseTests },
  { name: 'walk', run: () => runTests('walk') },
  { name: 'e2e', run: () => runTests('e2e', { CENTRALITA_RIG: rigHome }) },
];

async function runDatabaseTests(): Promise<Tally> {
  // Imported here: a laptop that only runs the unit tests needs nothing of the provisioner.
  const { openTestDatabase } = await import('./test-database.ts');
  await using database = await openTestDatabase(rigHome);
  return await runTests('db', { TEST_DATABASE_URL: database.superuserUrl });
}

async function runStep(step: Step): Promise<Tally> {
  console.log(`\n== ${step.name}`);
  const startedAt = performance.now();
  const tally = await step.run().catch((error: unknown) => {
    console.error(error);
    return { passed: 0, failed: 1 };
  });
  console.log(`== ${step.name}: ${tally.failed === 0 ? 'ok' : 'FAILED'} in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  return tally;
}

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !steps.some((step) => step.name === name));
if (unknown.length > 0) {
  console.error(`Unknown step: ${unknown.join(', ')}. Steps: ${steps.map((step) => step.name).join(', ')}.`);
  process.exit(2);
}
const tallies: Tally[] = [];
for (const step of steps) if (chosen.length === 0 || chosen.includes(step.name)) tallies.push(await runStep(step));
const total = sumTallies(tallies);
console.log(summaryLine(total));
process.exitCode = total.failed === 0 ? 0 : 1;
